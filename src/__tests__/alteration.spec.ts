import { Alteration } from '../environment/alteration';
import { Contents } from '../environment/contents';
import type { EnvManagerModel } from '../model';
import { installItem, UPDATE_ALL } from '../plan/pending';
import { type FakeServer, makeJob, makeModel } from './fakes';

const PLAN = { id: 'p1', actions: [], warnings: [] };
const PREVIEW = 'POST environments/e1/preview';
const CHANGES = 'POST environments/e1/changes';
const NUMPY = installItem('numpy');

let server: FakeServer;
let model: EnvManagerModel;
let alteration: Alteration;

beforeEach(() => {
  ({ server, model } = makeModel());
  server.answers[PREVIEW] = [200, PLAN];
  server.answers[CHANGES] = [202, makeJob({ id: 'j9', action: 'change' })];
  alteration = new Alteration(model.inside('e1'));
});

afterEach(() => {
  alteration.dispose();
  model.dispose();
});

describe('the preview', () => {
  it('of nothing is not asked for', async () => {
    await alteration.preview();
    expect(server.requests).toEqual([]);
  });

  it('gives a plan, that another wish outdates', async () => {
    alteration.add(NUMPY);
    await alteration.preview();
    expect(server.bodies).toEqual([{ install: ['numpy'] }]);
    expect(alteration.plan?.id).toBe('p1');
    alteration.add(installItem('scipy'));
    expect(alteration.outdated).toBe(true);
    await alteration.apply();
    expect(server.count(CHANGES)).toBe(0);
  });

  it('is outdated at once when a wish came while it was made', async () => {
    alteration.add(NUMPY);
    const preview = alteration.preview();
    alteration.add(UPDATE_ALL);
    await preview;
    expect(alteration.outdated).toBe(true);
  });

  it('is dropped when everything was discarded while it was made', async () => {
    alteration.add(NUMPY);
    const preview = alteration.preview();
    alteration.discard();
    await preview;
    expect(alteration.plan).toBeNull();
  });

  it('that brings a CPU build where a GPU was wanted is not applied without a yes', async () => {
    alteration.add(installItem('pytorch'));
    const gpu = { target: {}, builds: [], stop: true };
    server.answers[PREVIEW] = [200, { ...PLAN, gpu }];
    await alteration.preview();
    expect(alteration.stopped).toBe(true);
    await alteration.apply();
    expect(server.count(CHANGES)).toBe(0);
    server.answers[PREVIEW] = [200, { ...PLAN, gpu: { ...gpu, stop: false } }];
    await alteration.accept();
    expect(server.bodies[1]).toEqual({
      install: ['pytorch'],
      accept: ['cpu_build']
    });
    expect(alteration.canAccept).toBe(false);
    await alteration.apply();
    expect(server.count(CHANGES)).toBe(1);
  });

  it('is asked for at once with the way out that is chosen', async () => {
    alteration.add(installItem('pytorch=*=cpu*'));
    await alteration.preview();
    await alteration.remedy(
      {
        title: 'Any build',
        add: ['pytorch'],
        remove: ['pytorch=*=cpu*'],
        pypi_add: [],
        pypi_remove: [],
        unpin: [],
        channels: null,
        gpu: 'cuda=12.8'
      },
      []
    );
    expect(server.bodies[1]).toEqual({
      install: ['pytorch'],
      gpu: 'cuda=12.8'
    });
    expect(alteration.outdated).toBe(false);
  });

  it('that would overwrite conda packages takes an explicit yes, for what was asked only', async () => {
    alteration.add(installItem('six', true));
    server.answers[PREVIEW] = [
      409,
      { code: 'overwrites_conda', message: 'Overwrites six.' }
    ];
    await alteration.preview();
    expect(alteration.canAccept).toBe(true);
    server.answers[PREVIEW] = [200, PLAN];
    await alteration.accept();
    expect(server.bodies[1]).toMatchObject({ accept: ['overwrites_conda'] });
    alteration.add(NUMPY);
    await alteration.preview();
    expect(server.bodies[2]).not.toHaveProperty('accept');
  });

  it('that fails leaves the wishes and says why', async () => {
    alteration.add(NUMPY);
    server.answers[PREVIEW] = [422, { code: 'unsatisfiable', message: 'No.' }];
    await alteration.preview();
    expect(alteration.problem?.message).toBe('No.');
    expect(alteration.items).toEqual([NUMPY]);
    alteration.drop(NUMPY);
    expect(alteration.problem).toBeNull();
  });
});

describe('applying', () => {
  beforeEach(async () => {
    alteration.add(NUMPY);
    await alteration.preview();
  });

  it('does the plan, and forgets the wishes once it is done', async () => {
    await alteration.apply();
    expect(server.bodies[1]).toEqual({ install: ['numpy'], plan: 'p1' });
    expect(alteration.job).toBe('j9');
    expect(alteration.items).toEqual([NUMPY]);
    expect(alteration.open).toEqual([]);
    alteration.finished('j9', true);
    expect(alteration.items).toEqual([]);
  });

  it('forgets them, too, when the job has ended before the answer is here', async () => {
    const apply = alteration.apply();
    alteration.finished('j9', true);
    await apply;
    expect(alteration.job).toBe('j9');
    expect(alteration.items).toEqual([]);
  });

  it('keeps what was added while the job was at work', async () => {
    await alteration.apply();
    const again = installItem('numpy<2');
    alteration.add(installItem('scipy'), again);
    alteration.finished('j9', true);
    expect(alteration.items).toEqual([installItem('scipy'), again]);
  });

  it('keeps everything when the job has failed', async () => {
    await alteration.apply();
    alteration.finished('j9', false);
    expect(alteration.open).toEqual([NUMPY]);
  });

  it('asks for a new preview when the environment has changed since', async () => {
    server.answers[CHANGES] = [409, { code: 'conflict', message: 'Moved.' }];
    await alteration.apply();
    expect(alteration.problem?.message).toBe('Moved.');
    expect(alteration.outdated).toBe(true);
    expect(alteration.job).toBeNull();
    server.answers[PREVIEW] = [200, { ...PLAN, id: 'p2' }];
    await alteration.preview();
    expect(alteration.outdated).toBe(false);
    expect(alteration.plan?.id).toBe('p2');
  });

  it('is not possible after another job has changed the environment', () => {
    alteration.finished('other', true);
    expect(alteration.outdated).toBe(true);
    expect(alteration.items).toEqual([NUMPY]);
  });
});

it('goes back to a generation', async () => {
  server.answers['POST environments/e1/rollback'] = [
    202,
    makeJob({ id: 'j7', action: 'rollback' })
  ];
  await alteration.rollback(3);
  expect(server.bodies).toEqual([{ generation: 3 }]);
  expect(alteration.job).toBe('j7');
});

describe('contents', () => {
  it('keep the last good answer beside a problem', async () => {
    const contents = new Contents(model.inside('e1'));
    server.answers['GET environments/e1/packages'] = [200, { packages: [1] }];
    await contents.read('packages');
    server.answers['GET environments/e1/packages'] = [
      500,
      { code: 'damaged', message: 'No.' }
    ];
    await contents.read('packages');
    const { data, problem, loading } = contents.get('packages');
    expect(data).toEqual({ packages: [1] });
    expect(problem?.code).toBe('damaged');
    expect(loading).toBe(false);
  });

  it('drop an answer that a newer question has overtaken', async () => {
    const answers: ((value: never) => void)[] = [];
    const contents = new Contents({
      packages: () => new Promise(resolve => answers.push(resolve))
    } as never);
    const first = contents.read('packages');
    const second = contents.read('packages');
    answers[1]({ packages: ['new'] } as never);
    answers[0]({ packages: ['old'] } as never);
    await Promise.all([first, second]);
    expect(contents.get('packages').data).toEqual({ packages: ['new'] });
  });
});
