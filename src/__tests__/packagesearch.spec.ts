import { nullTranslator } from '@jupyterlab/translation';

import type { PackageHits } from '../_models';
import { enterItem } from '../environment/packageresults';
import { PackageSearch } from '../environment/packagesearch';
import { until } from './fakes';

const trans = nullTranslator.load('test');

interface IQuestion {
  query: string;
  pypi: boolean;
  signal?: AbortSignal;
  answer: (hits: PackageHits) => void;
  refuse: (error: Error) => void;
}

let asked: IQuestion[];
let search: PackageSearch;

function hits(...names: string[]): PackageHits {
  return {
    packages: names.map(name => ({
      name,
      version: '1',
      channel: 'c',
      manager: 'conda',
      summary: null,
      license: null,
      size: null
    })),
    total: names.length,
    problems: []
  };
}

function start(pypiDelay = 100_000): void {
  asked = [];
  search = new PackageSearch(
    {
      search: (query, limit, pypi, signal) =>
        new Promise((answer, refuse) =>
          asked.push({ query, pypi, signal, answer, refuse })
        )
    },
    0,
    pypiDelay
  );
}

afterEach(() => search.dispose());

it('asks once for what is typed in one go', async () => {
  start();
  search.type('n');
  search.type('nu');
  search.type('num');
  await until(() => asked.length === 1);
  expect(asked[0].query).toBe('num');
});

it('never shows a late answer over a newer one', async () => {
  start();
  search.type('num');
  await until(() => asked.length === 1);
  search.type('numpy');
  await until(() => asked.length === 2);
  expect(asked[0].signal?.aborted).toBe(true);
  asked[1].answer(hits('numpy'));
  asked[0].answer(hits('numba'));
  await until(() => search.isCurrent);
  expect(search.hits?.packages[0].name).toBe('numpy');
});

it('keeps the former answer while the next is under way, and says so', async () => {
  start();
  search.type('num');
  await until(() => asked.length === 1);
  asked[0].answer(hits('numba'));
  await until(() => search.isCurrent);
  search.type('nump');
  expect(search.hits?.packages[0].name).toBe('numba');
  expect(search.isCurrent).toBe(false);
});

it('asks PyPI, too, and lets no answer of the channels alone replace its', async () => {
  start(0);
  search.type('rich');
  await until(() => asked.length === 2);
  const [channels, pypi] = asked;
  expect([channels.pypi, pypi.pypi]).toEqual([false, true]);
  pypi.answer(hits('rich', 'rich from PyPI'));
  await until(() => search.isCurrent);
  channels.answer(hits('rich'));
  await new Promise(resolve => setTimeout(resolve));
  expect(search.hits?.packages).toHaveLength(2);
});

it('says what kept the server from answering, and tries again', async () => {
  start();
  search.type('num');
  await until(() => asked.length === 1);
  asked[0].refuse(new Error('Gone.'));
  await until(() => search.problem !== null);
  expect(search.problem?.message).toBe('Gone.');
  search.retry();
  await until(() => asked.length === 2);
  asked[1].answer(hits('numpy'));
  await until(() => search.isCurrent);
  expect(search.problem).toBeNull();
});

it.each(['numpy<2', 'python=3.12', 'git+https://example.org/x', '-e ./x', ' '])(
  'does not search for %p',
  async text => {
    start();
    search.type(text);
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(asked).toEqual([]);
  }
);

describe('Enter', () => {
  const enter = (text: string, found: string[], has: string[] = []) =>
    enterItem(
      {
        text,
        hits: hits(...found),
        current: found.length > 0,
        installed: new Map(has.map(name => [`conda ${name}`, '1']))
      },
      trans
    )?.spec ?? null;

  it('adds what is typed in full, or else the first result', () => {
    start();
    expect(enter('numpy<2', [])).toBe('numpy<2');
    expect(enter('git+https://example.org/x', [])).toBe(
      'git+https://example.org/x'
    );
    expect(enter('numpy', ['numpy', 'numpydoc'])).toBe('numpy');
  });

  it('adds nothing that is wrong, not found, not current or installed', () => {
    start();
    expect(enter('numpy=', [])).toBeNull();
    expect(enter('numpy; rm', [])).toBeNull();
    expect(enter('numpy', [])).toBeNull();
    expect(enter('numpy', ['numpy'], ['numpy'])).toBeNull();
    expect(enter(' ', [])).toBeNull();
  });
});
