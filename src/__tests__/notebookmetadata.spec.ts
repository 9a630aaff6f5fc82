import { Signal } from '@lumino/signaling';

import type { Description } from '../_models';
import type { EnvManagerModel } from '../model';
import { Descriptions } from '../notebook/descriptions';
import { JobFollower } from '../notebook/jobfollower';
import { followMetadata } from '../notebook/notebookmetadata';
import { METADATA_KEY } from '../notebook/origin';
import { type FakeServer, makeJob, makeModel, until } from './fakes';

const DESCRIPTION: Description = {
  name: 'hfrl',
  specs: ['pandas'],
  pypi: [],
  channels: ['conda-forge'],
  lock: 'abc',
  python: '3.11'
};

let model: EnvManagerModel;
let server: FakeServer;
let emit: ReturnType<typeof makeModel>['emit'];

beforeEach(() => ({ model, server, emit } = makeModel()));
afterEach(() => model.dispose());

/** A document that has changed, in a kernel of the environment `e1`. */
function makeContext() {
  const metadata: Record<string, unknown> = {};
  const source = {};
  const saveState = new Signal<object, string>(source);
  const contentChanged = new Signal<object, void>(source);
  const context = {
    saveState,
    disposed: new Signal<object, void>(source),
    model: {
      dirty: true,
      contentChanged,
      stateChanged: new Signal<object, void>(source),
      getMetadata: (key: string) => metadata[key],
      setMetadata: (key: string, value: unknown) => (metadata[key] = value),
      deleteMetadata: (key: string) => delete metadata[key]
    },
    sessionContext: {
      kernelChanged: new Signal<object, void>(source),
      session: { kernel: { name: 'hfrl' } }
    }
  };
  return { context, metadata, saveState, contentChanged };
}

async function know(modified: number): Promise<void> {
  const environment = { id: 'e1', name: 'hfrl', modified, kernels: ['hfrl'] };
  server.answers['GET environments'] = [
    200,
    { environments: [environment], problems: [] }
  ];
  server.answers['GET kernels'] = [
    200,
    { kernels: [{ name: 'hfrl', environment: 'e1' }] }
  ];
  await model.refresh();
}

const READ = 'GET environments/e1/description';

describe('The metadata of a notebook', () => {
  let enabled = true;
  let meant = true;

  async function open() {
    await know(1);
    server.answers[READ] = [200, DESCRIPTION];
    const made = makeContext();
    const descriptions = new Descriptions(model);
    const options = {
      model,
      descriptions,
      isEnabled: () => enabled,
      isMeant: () => meant
    };
    followMetadata(made.context as never, options);
    return { ...made, descriptions };
  }

  beforeEach(() => {
    enabled = true;
    meant = true;
  });

  it('are written with a save, not before', async () => {
    const { metadata, saveState, descriptions } = await open();
    const environment = model.environment('e1')!;
    await until(() => descriptions.get(environment) !== undefined);
    expect(metadata).toEqual({});
    saveState.emit('started');
    expect(metadata[METADATA_KEY]).toEqual(DESCRIPTION);
  });

  it('are read again when the environment has changed', async () => {
    const { metadata, saveState, descriptions } = await open();
    await until(() => !!descriptions.get(model.environment('e1')!));
    server.answers[READ] = [200, { ...DESCRIPTION, lock: 'def' }];
    await know(2);
    await until(() => !!descriptions.get(model.environment('e1')!));
    saveState.emit('started');
    expect(metadata[METADATA_KEY]).toMatchObject({ lock: 'def' });
    expect(server.count(READ)).toBe(2);
  });

  it('are not even asked for where the user does not want them', async () => {
    enabled = false;
    const { metadata, saveState, contentChanged } = await open();
    contentChanged.emit();
    saveState.emit('started');
    expect(metadata).toEqual({});
    expect(server.count(READ)).toBe(0);
  });

  it('stay while another kernel only stands in', async () => {
    const { metadata, saveState, descriptions } = await open();
    await until(() => !!descriptions.get(model.environment('e1')!));
    meant = false;
    metadata[METADATA_KEY] = { name: 'elsewhere' };
    saveState.emit('started');
    expect(metadata[METADATA_KEY]).toEqual({ name: 'elsewhere' });
  });
});

describe('An environment that is made for a notebook', () => {
  const page = () => {
    const changed = new Signal<object, void>({});
    return { changed, creation: { job: null as string | null } };
  };

  const finish = async (change = {}) => {
    const jobs = [makeJob({ state: 'succeeded', kernel: 'torch', ...change })];
    server.answers['GET jobs'] = [200, { jobs }];
    emit();
    await until(() => model.job('j1')?.state !== 'running');
  };

  beforeEach(async () => {
    server.answers['GET jobs'] = [200, { jobs: [makeJob()] }];
    await model.refresh('jobs');
  });

  it('is given to it when its job has succeeded, once', async () => {
    const ready: [string, string | null][] = [];
    const follower = new JobFollower<string>(model, (asker, job) =>
      ready.push([asker, job.kernel])
    );
    const form = page();
    follower.follow(form, 'a.ipynb');
    form.creation.job = 'j1';
    form.changed.emit();
    await finish();
    form.changed.emit();
    await until(() => ready.length > 0);
    expect(ready).toEqual([['a.ipynb', 'torch']]);
  });

  it('is given to it when the job was quicker than the page', async () => {
    const ready: string[] = [];
    const follower = new JobFollower<string>(model, asker => ready.push(asker));
    const form = page();
    follower.follow(form, 'a.ipynb');
    await finish();
    form.creation.job = 'j1';
    form.changed.emit();
    expect(ready).toEqual(['a.ipynb']);
  });

  it('is given to nobody when it failed, and after a second try', async () => {
    const ready: string[] = [];
    const follower = new JobFollower<string>(model, asker => ready.push(asker));
    const form = page();
    form.creation.job = 'j1';
    follower.follow(form, 'a.ipynb');
    await finish({ state: 'failed', kernel: null });
    expect(ready).toEqual([]);
    server.answers['GET jobs'] = [200, { jobs: [makeJob({ id: 'j2' })] }];
    await model.refresh('jobs');
    form.creation.job = 'j2';
    form.changed.emit();
    await finish({ id: 'j2' });
    await until(() => ready.length > 0);
    expect(ready).toEqual(['a.ipynb']);
  });
});
