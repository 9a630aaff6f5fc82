import { nullTranslator } from '@jupyterlab/translation';

import { archiveName, isReplaced, legalName } from '../create/formsource';
import { cloneName } from '../create/proposal';
import { decodeFile, isArchive, looksLikeSpecs } from '../files/filetext';
import { readWorkspaceFile } from '../files/workspacefiles';
import { lineProblems } from '../plan/filelines';
import { fileSummary, lineOf, sortedProblems } from '../plan/filewords';
import { mildest, relevant, without } from '../plan/relaxing';
import { CONTENT, problem } from './filecontents';

const trans = nullTranslator.load('test');

describe('names of files', () => {
  it.each([
    'environment.yml',
    'environment_gpu.yml',
    'environment-3.10.yaml',
    'variables.environment.yaml',
    'dev-environment.yaml',
    'environment.devenv.yml',
    'env.yml',
    'env_3.yaml',
    'py-env.yml',
    'myenv.yml',
    'conda.yml',
    'conda-lock.yml',
    'conda-linux-64.lock',
    'pixi.lock',
    'pyproject.toml',
    'requirements.txt',
    'requirements-dev.txt',
    'dev-requirements.in',
    'explicit.txt',
    'spec-file.txt',
    'stats-linux-64.txt'
  ])('%s looks like specs', name => expect(looksLikeSpecs(name)).toBe(true));

  it.each([
    'docker-compose.yml',
    'pnpm-lock.yaml',
    'mkdocs.yml',
    'envoy.yaml',
    'config.yaml',
    'notes.txt',
    'environment.ipynb',
    'Cargo.toml'
  ])('%s does not', name => expect(looksLikeSpecs(name)).toBe(false));

  it.each([
    ['stats-2026-01-31.tar.gz', true],
    ['x.zip', true],
    ['x.tar.zst', true],
    ['x.tar.bz2', true],
    ['x.gz', false],
    ['env.yml', false]
  ])('%s is an archive: %p', (name, packed) =>
    expect(isArchive(name)).toBe(packed)
  );

  it.each([
    ['my weather/project', 'my-weather-project'],
    [' a:b#c\\d ', 'a-b-c-d'],
    ['-.hidden', 'hidden'],
    ['/ /', ''],
    ['x'.repeat(120), 'x'.repeat(100)],
    ['été_3.1', 'été_3.1']
  ])('%p becomes %p, which is legal', (name, legal) =>
    expect(legalName(name)).toBe(legal)
  );

  it('a clone is called so, however long the name', () => {
    expect(cloneName('my stats')).toBe('my-stats-clone');
    expect(cloneName('x'.repeat(120))).toBe(`${'x'.repeat(90)}-clone`);
  });

  it('propose the name of an environment', () => {
    expect(archiveName('packs/stats-2026-01-31.tar.gz')).toBe('stats');
    expect(archiveName('stats.zip')).toBe('stats');
  });
});

describe('the text of a file', () => {
  const decode = (...bytes: number[]) =>
    decodeFile(new Uint8Array(bytes), 'environment.yml', trans);

  it('is read as UTF-8, with or without its mark, as UTF-16, or as Latin-1', () => {
    expect(decode(0x61, 0xc3, 0xa9)).toBe('aé');
    expect(decode(0xef, 0xbb, 0xbf, 0x61)).toBe('a');
    expect(decode(0xff, 0xfe, 0x61, 0)).toBe('a');
    expect(decode(0x61, 0xe9)).toBe('aé');
  });

  it('is refused when it is none, or too large', () => {
    expect(() => decode(0x50, 0x4b, 0, 1)).toThrow('is not a text');
    const large = new Uint8Array(10_000_001);
    expect(() => decodeFile(large, 'x.yml', trans)).toThrow('10 MB');
    expect(() => decodeFile(large.slice(0, 9), 'x.tar.gz', trans)).toThrow(
      'is not a text'
    );
    expect(() => decodeFile(large.slice(0, 0), 'photo.PNG', trans)).toThrow(
      'is not a text'
    );
  });

  it('comes from the workspace as bytes, and not at all when it is large', async () => {
    const get = jest.fn(async (_: string, { content }: { content: boolean }) =>
      content ? { content: btoa('n\xe9') } : { size: 2 }
    );
    const files = { get, localPath: (path: string) => path.slice(4) } as never;
    expect(await readWorkspaceFile(files, 'RTC:a/env.yml', trans)).toEqual({
      text: 'né',
      filename: 'env.yml'
    });
    get.mockImplementation(async () => ({ size: 20_000_000 }));
    await expect(
      readWorkspaceFile(files, 'RTC:a/env.yml', trans)
    ).rejects.toThrow('10 MB');
    expect(get).toHaveBeenCalledTimes(3);
  });
});

it.each([
  ['name: a\ndependencies:\n- x\n', 'numpy\npandas', true],
  ['name: a\ndependencies:\n- x\n', '', true],
  ['name: a\ndependencies:\n- x\n', 'name: b\ndependencies:\n- x', false],
  ['nump', 'numpy', false],
  ['', 'numpy', false]
])('%j is replaced by %j: %p', (before, after, replaced) =>
  expect(isReplaced(before, after)).toBe(replaced)
);

describe('what is said of a file', () => {
  it('sums up what it asks for', () => {
    expect(fileSummary(CONTENT, trans)).toBe(
      'environment.yml: 2 packages · 1 from PyPI · channel conda-forge'
    );
  });

  it('does not count the Python that PyPI’s packages run on', () => {
    const content = { ...CONTENT, specs: ['python>=3.11'], channels: null };
    expect(fileSummary(content, trans)).toBe(
      'environment.yml: 1 from PyPI · with Python'
    );
    expect(fileSummary({ ...content, pypi: [] }, trans)).toBe(
      'environment.yml: 1 package'
    );
  });

  it.each([
    ['no line', {}, 'Line 4: All.', []],
    ['a line', { line: 4 }, 'Line 4: All.', [[4, 'All.']]],
    [
      'lines, with more to do about all',
      { line: 4, problems: [problem(4), problem(5)] },
      'Line 4: All.',
      [
        [null, 'All.'],
        [4, 'line 4'],
        [5, 'line 5']
      ]
    ],
    [
      'lines that say all',
      {
        problems: [
          { ...problem(5), hint: 'Do it.' },
          { ...problem(4), hint: 'Do it.' }
        ]
      },
      'All.',
      [
        [4, 'line 4'],
        [5, 'line 5']
      ]
    ]
  ])('lists a problem with %s', (_, details, message, listed) =>
    expect(
      lineProblems({
        code: 'invalid',
        message,
        hint: 'Do it.',
        field: 'source',
        details
      }).map(one => [lineOf(one), one.message])
    ).toEqual(listed)
  );

  it('has what stops it first, each by line', () => {
    const sorted = sortedProblems([
      problem(2, 'file_warning'),
      problem(9),
      problem(4)
    ]);
    expect(sorted.map(({ details }) => details.line)).toEqual([4, 9, 2]);
  });
});

describe('specs that cannot be met', () => {
  const choice = (spec: string) =>
    ({ spec, drops: 'build', found: '1' }) as const;
  const relaxation = (spec: string, ...choices: string[]) => ({
    spec,
    line: 1,
    manager: 'conda' as const,
    message: '',
    choices: choices.map(choice)
  });

  it('have the mildest choice first, and those without any are left alone', () => {
    expect(
      mildest([relaxation('a=1=x', 'a=1', 'a'), relaxation('gone=1')])
    ).toEqual({ 'a=1=x': 'a=1' });
  });

  it('are relaxed while the file has them', () => {
    const relaxed = { 'numpy=1.26.4=py_0': 'numpy=1.26.4', old: 'o' };
    expect(relevant(relaxed, CONTENT)).toEqual({
      'numpy=1.26.4=py_0': 'numpy=1.26.4'
    });
    expect(without(relaxed, ['old', 'other'])).toEqual({
      'numpy=1.26.4=py_0': 'numpy=1.26.4'
    });
  });
});
