import { type Contents, ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import type { Export } from '../_models';
import { EnvManagerError, makeProblem } from '../api';
import { numbered, WorkspaceFolder } from '../files/workspacefolder';
import { type ExportFormat, formatGroups } from '../share/exportformats';
import { Exporting } from '../share/exporting';
import { FakeServer, makeModel, until } from './fakes';

const trans = nullTranslator.load('test');

/** Jupyter's files, in a drive of their own. */
class FakeFiles {
  readonly texts = new Map<string, string>();
  refusal: Error | null = null;

  localPath(path: string): string {
    return path.replace(/^drive:/, '');
  }

  async get(path: string): Promise<Contents.IModel> {
    if (!this.texts.has(path)) {
      throw new ServerConnection.ResponseError(
        new Response('', { status: 404 })
      );
    }
    return {} as Contents.IModel;
  }

  async save(
    path: string,
    { content }: Partial<Contents.IModel> = {}
  ): Promise<Contents.IModel> {
    if (this.refusal) {
      throw this.refusal;
    }
    this.texts.set(path, content);
    return {} as Contents.IModel;
  }
}

function makeExport(format: ExportFormat, content: string = format): Export {
  return { format, filename: 'torch.yml', content, problems: [] };
}

/** An export whose answers come when the test says so. */
function makeExporting() {
  const files = new FakeFiles();
  const asked: ExportFormat[] = [];
  const answers: {
    give: (file: Export) => void;
    refuse: (error: Error) => void;
  }[] = [];
  const exporting = new Exporting({
    read: format =>
      new Promise((give, refuse) => {
        asked.push(format);
        answers.push({ give, refuse });
      }),
    folder: new WorkspaceFolder(files, 'drive:work'),
    trans
  });
  return { exporting, files, asked, answers };
}

it('every format has words of its own, and is there once', () => {
  const all = formatGroups(trans).flatMap(({ formats }) => formats);
  expect(new Set(all.map(({ format }) => format)).size).toBe(11);
  expect(new Set(all.map(({ label }) => label)).size).toBe(all.length);
  expect(new Set(all.map(({ hint }) => hint)).size).toBe(all.length);
});

it('asks the server for the format', async () => {
  const server = new FakeServer();
  server.answers['GET environments/e1/export'] = [200, makeExport('job')];
  const { model } = makeModel(server);
  const { content } = await model.inside('e1').export('job');
  expect(content).toBe('job');
  model.dispose();
});

describe('a format', () => {
  it('is asked for once, and shown whatever comes in between', async () => {
    const { exporting, asked, answers } = makeExporting();
    expect(exporting.file.loading).toBe(true);
    void exporting.choose('pixi.lock');
    answers[1].give(makeExport('pixi.lock'));
    await until(() => exporting.file.data !== null);
    answers[0].give(makeExport('environment.yml'));
    await until(() => !exporting.file.loading);
    expect(exporting.file.data?.content).toBe('pixi.lock');

    await exporting.choose('environment.yml');
    expect(exporting.file.data?.content).toBe('environment.yml');
    expect(asked).toEqual(['environment.yml', 'pixi.lock']);
  });

  it('that fails says why, and can be tried again', async () => {
    const { exporting, answers } = makeExporting();
    const problem = makeProblem('network', 'No answer.', 'Try again.');
    answers[0].refuse(new EnvManagerError(problem, 0));
    await until(() => exporting.file.problem !== null);
    expect(exporting.file).toEqual({ data: null, problem, loading: false });

    void exporting.choose('environment.yml');
    expect(exporting.file.loading).toBe(true);
    expect(exporting.file.problem).toBeNull();
    answers[1].give(makeExport('environment.yml'));
    await until(() => exporting.file.data !== null);
  });

  it('that failed says nothing of the one chosen since', async () => {
    const { exporting, answers } = makeExporting();
    void exporting.choose('job');
    answers[0].refuse(new Error('gone'));
    answers[1].give(makeExport('job'));
    await until(() => exporting.file.data !== null);
    expect(exporting.file.problem).toBeNull();
  });
});

describe('saving', () => {
  const file = makeExport('environment.yml', 'new');

  it('writes into the folder', async () => {
    const { exporting, files } = makeExporting();
    await exporting.save(file);
    const path = 'drive:work/torch.yml';
    expect(exporting.outcome).toEqual({ kind: 'saved', path });
    expect(files.texts.get(path)).toBe('new');
  });

  it('asks before a file is written over, and offers a free name', async () => {
    const { exporting, files } = makeExporting();
    files.texts.set('drive:work/torch.yml', 'old');
    files.texts.set('drive:work/torch-1.yml', 'old');
    await exporting.save(file);
    const taken = { kind: 'taken', file, free: 'torch-2.yml' };
    expect(exporting.outcome).toEqual(taken);
    expect([...files.texts.values()]).toEqual(['old', 'old']);

    await exporting.save(file, 'torch-2.yml');
    expect(files.texts.get('drive:work/torch-2.yml')).toBe('new');
    await exporting.save(file, file.filename, true);
    expect(files.texts.get('drive:work/torch.yml')).toBe('new');
    expect(files.texts.get('drive:work/torch-1.yml')).toBe('old');
  });

  it('asks again where the free name has been taken meanwhile', async () => {
    const { exporting, files } = makeExporting();
    files.texts.set('drive:work/torch.yml', 'old');
    files.texts.set('drive:work/torch-1.yml', 'newer');
    await exporting.save(file, 'torch-1.yml');
    expect(exporting.outcome).toMatchObject({ free: 'torch-2.yml' });
    expect(files.texts.get('drive:work/torch-1.yml')).toBe('newer');
  });

  it('that fails says why; another format forgets it', async () => {
    const { exporting, files } = makeExporting();
    files.refusal = new Error('Permission denied: torch.yml');
    await exporting.save(file);
    expect(exporting.outcome).toMatchObject({
      kind: 'failed',
      problem: { message: expect.stringContaining('Permission denied') }
    });
    void exporting.choose('job');
    expect(exporting.outcome).toBeNull();
  });

  it('does not write over a file that cannot be looked at', async () => {
    const { exporting, files } = makeExporting();
    files.get = async () => {
      throw new Error('The server does not answer.');
    };
    await exporting.save(file);
    expect(exporting.outcome?.kind).toBe('failed');
    expect(files.texts.size).toBe(0);
  });
});

it.each([
  ['torch.yml', 'torch-2.yml'],
  ['torch-conda-lock.yml', 'torch-2-conda-lock.yml'],
  ['pixi.lock', 'pixi-2.lock'],
  ['torch-2.9.Dockerfile', 'torch-2.9-2.Dockerfile'],
  ['recipe', 'recipe-2']
])('a number in %p gives %p', (name, expected) => {
  expect(numbered(name, 2)).toBe(expected);
});
