import { nullTranslator } from '@jupyterlab/translation';

import type { Creation } from '../create/creation';
import { lacksKernel, takesFiles } from '../create/creationstate';
import { FileDesk } from '../create/filedesk';
import type { IFormValues } from '../create/formvalues';
import { makeCreation, PLAN } from './creations';
import { type FakeServer, until } from './fakes';
import { CONTENT, problem } from './filecontents';

const trans = nullTranslator.load('test');
const file = { text: 'name: stats\n', filename: 'environment.yml' };

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

  it('forgets what was relaxed of another file, though it has the same lines', async () => {
    start({ name: 'x', start: 'file', file });
    await creation.relax({ pandas: 'pandas>1' });
    creation.typeFile('name: stats\n\n');
    await creation.reading.settle();
    expect(creation.values.relaxed).toEqual({ pandas: 'pandas>1' });
    creation.setFile(file);
    expect(creation.values.relaxed).toEqual({});
  });

  it('asks before what was written by hand is replaced', async () => {
    start();
    const desk = new FileDesk(creation, {} as never, {} as never, trans);
    const upload = async (text: string, answer?: string) => {
      const bytes = new TextEncoder().encode(text);
      const done = desk.upload({
        name: 'new.yml',
        size: bytes.length,
        arrayBuffer: async () => bytes.buffer
      } as never);
      if (answer) {
        await until(() => document.querySelector('.jp-Dialog') !== null);
        document
          .querySelector<HTMLElement>(`.jp-Dialog .jp-mod-${answer}`)!
          .click();
      }
      await done;
      return creation.values.file?.text;
    };
    expect(await upload('name: a\n')).toBe('name: a\n');
    expect(await upload('name: b\n')).toBe('name: b\n');
    creation.typeFile('name: mine\n');
    expect(takesFiles(creation)).toBe(false);
    expect(await upload('name: c\n', 'reject')).toBe('name: mine\n');
    expect(await upload('name: c\n', 'accept')).toBe('name: c\n');
    expect(takesFiles(creation)).toBe(true);
    expect(await upload('name: d\n')).toBe('name: d\n');
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
