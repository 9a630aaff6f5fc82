import { nullTranslator } from '@jupyterlab/translation';

import {
  baseName,
  formatAgo,
  formatBytes,
  formatCount,
  formatSeconds,
  joinParts,
  joinPath
} from '../format';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [42_000, '42 kB'],
  [999_960, '1 MB'],
  [5_300_000_000, '5.3 GB'],
  [412_000_000_000, '412 GB']
])('writes %p bytes as %p', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [12, '12'],
  [28_123, '28.1 k'],
  [1_800_000, '1.8 M']
])('writes the count %p as %p', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

it.each([
  [0.004, '4 ms'],
  [0.44, '0.4 s'],
  [3, '3 s'],
  [42.4, '42 s'],
  [180, '3 min'],
  [7200, '2 h']
])('writes %p seconds as %p', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

it('says how long ago something was', () => {
  const trans = nullTranslator.load('test');
  expect(formatAgo(1000, trans, 1010)).toBe('just now');
  expect(formatAgo(1000, trans, 1000 + 120)).toBe('2 minutes ago');
  expect(formatAgo(1000, trans, 1000 + 3700)).toBe('1 hour ago');
  expect(formatAgo(1000, trans, 1000 + 200_000)).toBe('2 days ago');
});

it('joins what is there, and handles paths', () => {
  expect(joinParts('a', null, false, '', 'b')).toBe('a · b');
  expect(baseName('/blue/me/envs/torch/')).toBe('torch');
  expect(joinPath('/blue/me/', 'x')).toBe('/blue/me/x');
});
