import { nullTranslator } from '@jupyterlab/translation';

import type { FileContent } from '../_models';
import type { Creation } from '../creation';
import { lacksKernel, takesFiles } from '../creationstate';
import { decodeFile, looksLikeSpecs, looksPacked } from '../filetext';
import { fileSummary, sortedProblems } from '../filewords';
import { archiveName, isReplaced, legalName } from '../formsource';
import type { IFormValues } from '../formvalues';
import { mildest, relevant, without } from '../relaxing';
import { readWorkspaceFile } from '../workspacefiles';
import { makeCreation, PLAN } from './creations';
import { type FakeServer, until } from './fakes';

const trans = nullTranslator.load('test');
const CONTENT: FileContent = {
  format: 'environment.yml',
  name: 'stats',
  specs: ['numpy=1.26.4=py_0', 'pandas'],
  pypi: ['flask'],
  channels: ['conda-forge'],
  variables: {},
  platforms: [],
  locked: 0,
  usable: true,
  problems: []
};
const problem = (line: number, code = 'file_error') => ({
  code,
  message: `line ${line}`,
  hint: '',
  field: null,
  details: { line }
});
const file = { text: 'name: stats\n', filename: 'environment.yml' };

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
    ['stats-2026-01-31.zip', true],
    ['my-env.tar.zst', true],
    ['x.tar.gz', false],
    ['data-2026.tar.gz', false],
    ['env.yml', false]
  ])('%s looks packed: %p', (name, packed) =>
    expect(looksPacked(name)).toBe(packed)
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

describe('starting from a file', () => {
  let server: FakeServer;
  let creation: Creation;
  let stop: () => void;
  const start = (values: Partial<IFormValues> = {}, content = CONTENT) => {
    ({ server, creation, stop } = makeCreation(values));
    server.answers['POST files/read'] = [200, content];
  };
  afterEach(() => stop());

  it('takes the name of the file, unless another was typed', async () => {
    start();
    creation.setFile(file);
    await creation.reading.settle();
    expect(creation.values.name).toBe('stats');
    creation.edit({ name: 'mine' });
    creation.setFile({ ...file, text: 'name: other\n' });
    await creation.reading.settle();
    expect(creation.values.name).toBe('mine');
  });

  it('sends the file, what is relaxed of it, and channels only when they were changed', async () => {
    start({ name: 'x', start: 'file', file, specs: ['old'] });
    const relaxed = { pandas: 'pandas>1' };
    await creation.relax(relaxed);
    expect(creation.plan).toEqual(PLAN);
    expect(creation.request()).toEqual({
      name: 'x',
      source: {
        type: 'file',
        format: '',
        content: file.text,
        filename: file.filename,
        relaxed
      },
      kernel: { display_name: 'x' }
    });
    creation.edit({ channels: ['mine'] });
    expect(creation.request().channels).toEqual(['mine']);
  });

  it('asks once for what was typed in a row, and drops what was overtaken', async () => {
    start();
    creation.setFile(file);
    creation.typeFile('name: statistics\n');
    creation.typeFile('name: ab\n');
    expect(creation.reading.busy).toBe(true);
    await until(() => !creation.reading.busy);
    expect(server.count('POST files/read')).toBe(1);
    expect(server.bodies).toContainEqual({
      content: 'name: ab\n',
      filename: 'environment.yml'
    });
  });

  it('forgets the name and the kind of a file whose text is replaced', async () => {
    start();
    creation.setFile({ ...file, text: 'name: stats\ndependencies: []\n' });
    await creation.reading.settle();
    server.answers['POST files/read'] = [200, { ...CONTENT, name: null }];
    creation.typeFile('numpy\npandas\n');
    await creation.reading.settle();
    expect(creation.values.name).toBe('');
    expect(creation.values.file?.filename).toBe('');
  });

  it('may be done with a form that nobody has filled in, or with another file', () => {
    start();
    expect(takesFiles(creation)).toBe(true);
    creation.setFile(file);
    expect(takesFiles(creation)).toBe(true);
    creation.setStart('packages');
    expect(takesFiles(creation)).toBe(false);
  });

  it('asks for no plan while the file has problems', async () => {
    start({ name: 'x' }, { ...CONTENT, usable: false, problems: [problem(1)] });
    creation.setFile(file);
    await creation.preview();
    expect(creation.problemOf('file')?.message).toContain('yet');
    expect(server.count('POST environments/preview')).toBe(0);
    expect(creation.isFaulty).toBe(true);
    creation.typeFile('fixed');
    expect(creation.problemOf('file')).toBeNull();
  });

  it('shows pins that cannot be met below, and not at the file', async () => {
    start({ name: 'x', start: 'file', file });
    const relaxations = [{ spec: 'pandas', choices: [] }];
    const answer = { code: 'unsatisfiable', message: 'No.', field: 'source' };
    server.answers['POST environments/preview'] = [
      422,
      { ...answer, details: { relaxations } }
    ];
    await creation.preview();
    expect(creation.problemOf('file')).toBeNull();
    expect(creation.problem?.details.relaxations).toEqual(relaxations);
    server.answers['POST environments/preview'] = [422, answer];
    await creation.preview();
    expect(creation.problemOf('file')?.message).toBe('No.');
  });
});

describe('copies', () => {
  it.each([
    [
      { start: 'clone', clone: 'e1' },
      { type: 'clone', environment: 'e1' }
    ],
    [
      { start: 'archive', archive: ' a.zip ' },
      { type: 'archive', path: 'a.zip' }
    ]
  ] as [Partial<IFormValues>, unknown][])(
    'of %j have no channels and no GPU of their own',
    (values, source) => {
      const { creation, stop } = makeCreation({
        name: 'x',
        channels: ['a'],
        gpu: 'cpu',
        ...values
      });
      expect(creation.request()).toEqual({
        name: 'x',
        source,
        kernel: { display_name: 'x' }
      });
      stop();
    }
  );

  it('say that no kernel comes where nothing could run it, until something else is asked for', async () => {
    const { creation, server, stop } = makeCreation({
      name: 'x',
      start: 'clone',
      clone: 'e1'
    });
    const warnings = [{ code: 'no_kernel', message: '', hint: '' }];
    server.answers['POST environments/preview'] = [200, { ...PLAN, warnings }];
    await creation.preview();
    expect(lacksKernel(creation)).toBe(true);
    creation.setClone('e2');
    expect(lacksKernel(creation)).toBe(false);
    stop();
  });

  it('want to know of what', async () => {
    const { creation, stop } = makeCreation({ name: 'x' });
    creation.setStart('archive');
    await creation.preview();
    expect(creation.problemOf('archive')?.message).toContain('Choose');
    creation.setArchive('packs/torch.tar.gz');
    expect(creation.problem ?? creation.problemOf('archive')).toBeNull();
    stop();
  });
});
