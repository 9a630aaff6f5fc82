import { nullTranslator } from '@jupyterlab/translation';

import type { Package } from '../_models';
import { dependents, whyPaths } from '../environment/dependents';
import {
  countKinds,
  countWords,
  filterRows,
  installedRows,
  shortCount,
  sortRows,
  type SortKey
} from '../plan/installed';

function make(name: string, change: Partial<Package> = {}): Package {
  return {
    name,
    version: '1',
    build: '',
    channel: 'conda-forge',
    manager: 'conda',
    requested: false,
    spec: null,
    needed_by: [],
    pinned: null,
    shadowed_by: null,
    damaged: false,
    size: null,
    ...change
  };
}

it.each([
  [0, 0, '0 packages', '0'],
  [1, 0, '1 package', '1'],
  [33, 1, '33 packages · 1 from PyPI', '33 + 1 PyPI'],
  [0, 4, '4 from PyPI', '4']
])('%p of conda and %p of PyPI are %p', (conda, pypi, words, short) => {
  const all = [
    ...Array.from({ length: conda }, () => make('one')),
    ...Array.from({ length: pypi }, () => make('two', { manager: 'pypi' }))
  ];
  expect(countWords(all, nullTranslator.load('test'))).toBe(words);
  expect(shortCount(all)).toBe(short);
});

const PACKAGES = [
  make('pandas', { requested: true, size: 30, version: '2.10.0' }),
  make('numpy', {
    needed_by: ['pandas', 'scipy'],
    pinned: 'numpy <2',
    version: '2.9.0',
    size: 20
  }),
  make('scipy', { requested: true, needed_by: ['seaborn'], size: 9 }),
  make('seaborn', { requested: true }),
  make('libblas', { needed_by: ['numpy', 'scipy'], damaged: true }),
  make('numpy', {
    manager: 'pypi',
    channel: 'https://pypi.org',
    version: '1.0'
  })
];
const rows = installedRows(PACKAGES, [
  { name: 'NumPy', version: '3.0', manager: 'conda', channel: 'conda-forge' }
]);

describe('rows', () => {
  it('know what is newer, of the same manager only', () => {
    expect(rows.map(({ newer }) => newer)).toEqual([
      null,
      '3.0',
      null,
      null,
      null,
      null
    ]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  it('are counted by kind, without kinds that nothing is of', () => {
    expect(countKinds(rows)).toEqual([
      ['requested', 3],
      ['updates', 1],
      ['pypi', 1],
      ['pinned', 1],
      ['damaged', 1]
    ]);
    expect(countKinds(rows.slice(0, 1))).toEqual([['requested', 1]]);
    expect(countKinds([])).toEqual([]);
  });

  it('are filtered by name and by kind', () => {
    const names = (text: string, kind: 'pypi' | 'requested' | null) =>
      filterRows(rows, text, kind).map(({ name }) => name);
    expect(names(' NUM', null)).toEqual(['numpy', 'numpy']);
    expect(names('num', 'pypi')).toEqual(['numpy']);
    expect(names('', 'requested')).toEqual(['pandas', 'scipy', 'seaborn']);
    expect(names('nothing', null)).toEqual([]);
  });

  it.each<[SortKey, boolean, string[]]>([
    ['name', false, ['libblas', 'numpy', 'numpy']],
    ['name', true, ['seaborn', 'scipy', 'pandas']],
    ['version', true, ['pandas', 'numpy', 'numpy']],
    ['size', true, ['pandas', 'numpy', 'scipy']],
    ['why', false, ['pandas', 'scipy', 'seaborn']],
    ['from', true, ['numpy', 'libblas', 'numpy']]
  ])('are sorted by %s (descending: %p)', (key, descending, first) => {
    const sorted = sortRows(rows, { key, descending });
    expect(sorted.slice(0, 3).map(({ name }) => name)).toEqual(first);
    expect(sorted).toHaveLength(rows.length);
  });
});

describe('why', () => {
  it('gives the shortest path from each requested package', () => {
    expect(whyPaths('libblas', PACKAGES.slice(0, 5))).toEqual([
      ['scipy', 'libblas'],
      ['pandas', 'numpy', 'libblas'],
      ['seaborn', 'scipy', 'libblas']
    ]);
  });

  it('gives a requested package itself, then others', () => {
    expect(whyPaths('scipy', PACKAGES)).toEqual([
      ['scipy'],
      ['seaborn', 'scipy']
    ]);
  });

  it('ends where packages need each other, or name what is not there', () => {
    const ring = [
      make('a', { needed_by: ['b', 'gone'] }),
      make('b', { needed_by: ['a'] })
    ];
    expect(whyPaths('a', ring)).toEqual([]);
    expect(whyPaths('gone', ring)).toEqual([]);
    expect(dependents('a', ring)).toEqual({
      direct: ['b', 'gone'],
      indirect: []
    });
  });

  it('tells what needs a package, at once and by way of others', () => {
    expect(dependents('libblas', PACKAGES.slice(0, 5))).toEqual({
      direct: ['numpy', 'scipy'],
      indirect: ['pandas', 'seaborn']
    });
    expect(dependents('nothing', PACKAGES)).toEqual({
      direct: [],
      indirect: []
    });
  });
});
