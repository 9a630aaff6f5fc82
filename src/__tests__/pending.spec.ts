import { nullTranslator } from '@jupyterlab/translation';

import type { Package } from '../_models';
import { pendingLabel, pendingWords } from '../environment/pendingwords';
import {
  fileItem,
  gpuItem,
  installItem,
  type IPendingItem,
  packageItem,
  pinItem,
  readItems,
  toChange,
  UPDATE_ALL,
  versionItem,
  withItem
} from '../plan/pending';

const trans = nullTranslator.load('test');
const NUMPY = { name: 'numpy', manager: 'conda', version: '1.26.4' } as Package;
const FLASK = { name: 'Flask', manager: 'pypi', version: '3.0' } as Package;

function collect(...items: IPendingItem[]): IPendingItem[] {
  return items.reduce(withItem, [] as IPendingItem[]);
}

describe('the change', () => {
  it('has one GPU target, and only where one was chosen', () => {
    const items = collect(
      gpuItem('h100', 'H100 nodes'),
      gpuItem('cpu', 'CPU only')
    );
    expect(toChange(items)).toEqual({ gpu: 'cpu' });
    expect(readItems(JSON.parse(JSON.stringify(items)))).toEqual(items);
  });

  it.each([
    ['h100', 'H100 nodes', 'make it for “H100 nodes”'],
    ['machine', 'This machine', 'make it for this machine'],
    ['cpu', 'CPU only', 'make it for CPU only'],
    ['cuda=11.4', 'cuda=11.4', 'make it for CUDA 11.4'],
    [
      'cuda=12.8,arch=9.0',
      '',
      'make it for CUDA 12.8 and compute capability 9.0'
    ]
  ])('calls the target %s in words', (target, title, words) => {
    expect(pendingLabel(gpuItem(target, title), trans)).toBe(words);
  });

  it('has each thing in its own list, and no empty ones', () => {
    const items = collect(
      installItem('pandas>=2'),
      packageItem('update', NUMPY),
      packageItem('remove', FLASK),
      pinItem({ ...NUMPY, name: 'scipy' }),
      packageItem('unpin', { ...NUMPY, name: 'xarray' }),
      packageItem('repair', { ...NUMPY, name: 'zlib' }),
      installItem('rich', true),
      fileItem('/home/ann/requirements.txt')
    );
    expect(toChange(items)).toEqual({
      install: ['pandas>=2'],
      update: ['numpy'],
      pin: ['scipy==1.26.4'],
      unpin: ['xarray'],
      repair: ['zlib'],
      pypi: {
        install: ['rich'],
        requirements: ['/home/ann/requirements.txt'],
        remove: ['Flask']
      }
    });
    expect(toChange([])).toEqual({});
  });

  it('carries the codes that are allowed', () => {
    const change = toChange([installItem('six', true)], ['overwrites_conda']);
    expect(change.accept).toEqual(['overwrites_conda']);
  });

  it('updates everything, or single packages, never both', () => {
    const one = packageItem('update', NUMPY);
    expect(toChange(collect(one, UPDATE_ALL))).toEqual({ update: 'all' });
    expect(toChange(collect(UPDATE_ALL, one))).toEqual({ update: 'all' });
  });
});

describe('a second wish', () => {
  it('about a package replaces the first', () => {
    const items = collect(
      packageItem('update', NUMPY),
      versionItem(NUMPY, '1.25', 'py311_0'),
      packageItem('remove', NUMPY)
    );
    expect(toChange(items)).toEqual({ remove: ['numpy'] });
  });

  it('about another kind of package, or a pin, stands beside it', () => {
    const items = collect(
      packageItem('update', NUMPY),
      pinItem(NUMPY),
      packageItem('remove', { ...NUMPY, manager: 'pypi' })
    );
    expect(items).toHaveLength(3);
    expect(
      toChange(collect(...items, packageItem('unpin', NUMPY))).pin
    ).toBeUndefined();
  });
});

describe('a text', () => {
  it.each([
    ['numpy<2', 'conda', 'numpy'],
    ['conda-forge::NumPy =1', 'conda', 'numpy'],
    ['git+https://example.org/x.git#egg=Fine', 'pypi', 'fine'],
    ['https://example.org/a.whl', 'pypi', 'https://example.org/a.whl'],
    ['-e ./mine', 'pypi', '-e ./mine'],
    ['mine @ git+https://example.org/x.git', 'pypi', 'mine']
  ])('%p goes to %s, about %s', (text, manager, name) => {
    expect(installItem(` ${text} `)).toEqual({
      wish: 'install',
      manager,
      name,
      spec: text
    });
  });

  it('that is a name goes to PyPI when told so', () => {
    expect(installItem('Flask[async]>=2', true)).toMatchObject({
      manager: 'pypi',
      name: 'flask'
    });
  });
});

it('a version is exact, with its build and channel where they are chosen', () => {
  expect(versionItem(NUMPY, '1.25').spec).toBe('numpy==1.25');
  expect(versionItem(NUMPY, '1.25', 'py_0').spec).toBe('numpy=1.25=py_0');
  expect(versionItem(NUMPY, '1.25', 'py_0', 'here').spec).toBe(
    'here::numpy=1.25=py_0'
  );
});

it('what a layout remembered is taken back, and nothing else', () => {
  const items = collect(installItem('pandas'), UPDATE_ALL);
  expect(readItems(JSON.parse(JSON.stringify(items)))).toEqual(items);
  for (const bad of [null, 'x', {}, [null], [{ wish: 'burn' }], [3]]) {
    expect(readItems(bad)).toEqual([]);
  }
});

it('is said in words', () => {
  expect(pendingLabel(UPDATE_ALL, trans)).toBe('update all');
  expect(pendingLabel(installItem('rich', true), trans)).toBe(
    'install rich from PyPI'
  );
  expect(pendingLabel(fileItem('/a/requirements.txt'), trans)).toBe(
    'install requirements.txt from PyPI'
  );
  const build = versionItem(NUMPY, '1.25', 'py_0', 'here');
  expect(pendingWords(build, trans)).toBe('→ 1.25 py_0');
  expect(pendingWords(packageItem('remove', NUMPY), trans)).toBe(
    'to be removed'
  );
});
