import { nullTranslator } from '@jupyterlab/translation';

import {
  hasConstraint,
  isPythonRequirement,
  minorSeries,
  specName,
  specProblem,
  splitSpecs
} from '../specs';

const trans = nullTranslator.load('test');

describe('splitSpecs', () => {
  it.each([
    ['numpy', ['numpy']],
    ['numpy pandas', ['numpy', 'pandas']],
    ['numpy, pandas,scipy', ['numpy', 'pandas', 'scipy']],
    ['numpy>=1.2,<2', ['numpy>=1.2,<2']],
    ['numpy >=1.2, <2 pandas', ['numpy>=1.2,<2', 'pandas']],
    ['numpy 1.26.* pandas', ['numpy 1.26.*', 'pandas']],
    ['python = 3.12', ['python=3.12']],
    ['numpy\npandas<3\n', ['numpy', 'pandas<3']],
    ['conda-forge::numpy', ['conda-forge::numpy']],
    ['--channel', ['--channel']],
    ['  ', []]
  ])('reads %p as %p', (text, specs) => {
    expect(splitSpecs(text)).toEqual(specs);
  });
});

describe('specProblem', () => {
  it.each([
    'numpy',
    'numpy<2',
    'numpy >=1.2,<2',
    'numpy 1.26.*',
    'conda-forge::numpy',
    'pytorch[build=*cuda*]',
    'python=3.12',
    '_libgcc_mutex',
    '7zip'
  ])('accepts %p', spec => {
    expect(specProblem(spec, trans)).toBe('');
  });

  it.each(['--channel', '-c', 'a; rm', 'numpy and more', 'numpy<', '<2', '$x'])(
    'refuses %p',
    spec => {
      expect(specProblem(spec, trans)).not.toBe('');
    }
  );
});

describe('specName', () => {
  it.each([
    ['numpy<2', 'numpy'],
    ['conda-forge::NumPy >=1', 'numpy'],
    ['scikit-learn', 'scikit-learn'],
    ['--x', '']
  ])('of %p is %p', (spec, name) => {
    expect(specName(spec)).toBe(name);
  });
});

it('knows when a text says more than a name', () => {
  expect(hasConstraint('numpy')).toBe(false);
  expect(hasConstraint('numpy<')).toBe(true);
  expect(hasConstraint('numpy 1')).toBe(true);
});

it('lists the series of Python newest first, without release candidates', () => {
  const versions = ['3.9.1', '3.14.0rc1', '3.13.2', '3.13.1', '3.10.4', '2.7'];
  expect(minorSeries(versions)).toEqual(['3.13', '3.10', '3.9', '2.7']);
});

it.each([
  ['numpy<2', true],
  ['numpy[extra]>=1, <2', true],
  ['numpy==1.2.*', true],
  ['numpy=1.2', false],
  ['conda-forge::numpy>=1', false],
  ['numpy 1.2', false],
  ['numpy', false]
])('tells whether PyPI understands %p: %p', (spec, expected) => {
  expect(isPythonRequirement(spec)).toBe(expected);
});
