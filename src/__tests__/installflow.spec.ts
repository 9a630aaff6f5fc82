import { nullTranslator } from '@jupyterlab/translation';

import type { PlanAction } from '../_models';
import type { EnvManagerModel } from '../model';
import { InstallFlow } from '../notebook/installflow';
import {
  markedParts,
  planSentence,
  sentence
} from '../notebook/installflowwords';
import { installItem } from '../plan/pending';
import { type FakeServer, makeJob, makeModel, until } from './fakes';

const trans = nullTranslator.load('test');
const IMPORTS = 'POST notebooks/imports';
const PREVIEW = 'POST environments/e1/preview';
const CHANGES = 'POST environments/e1/changes';
const OPENCV = {
  module: 'cv2',
  spec: 'opencv',
  manager: 'conda',
  origin: '',
  reason: '',
  installed: false
};

let server: FakeServer;
let model: EnvManagerModel;
let emit: () => unknown;
let runs: boolean[];
let flow: InstallFlow;

function action(change: Partial<PlanAction>): PlanAction {
  return {
    op: 'install',
    name: 'opencv',
    manager: 'conda',
    from: null,
    to: '4.9',
    build: null,
    channel: null,
    size: null,
    reason: 'asked',
    variant: '',
    ...change
  };
}

function answerPlan(...actions: PlanAction[]) {
  const plan = {
    id: 'p1',
    actions,
    warnings: [],
    download_size: 12_000_000,
    cached_size: 0
  };
  server.answers[PREVIEW] = [200, plan];
  return plan;
}

function environment(change: object) {
  const known = { id: 'e1', name: 'hfrl', prefix: '/x/hfrl', unchangeable: '' };
  server.answers['GET environments'] = [
    200,
    { environments: [{ ...known, ...change }], problems: [] }
  ];
}

function endJob(change: object) {
  const job = makeJob({ id: 'j9', action: 'change', ...change });
  server.answers['GET jobs'] = [200, { jobs: [job] }];
}

/** Words as a person reads them. */
function words(): string {
  return markedParts(sentence(flow, trans)).join('');
}

beforeEach(() => {
  ({ server, model, emit } = makeModel());
  environment({});
  server.answers['GET kernels'] = [
    200,
    { kernels: [{ name: 'k1', environment: 'e1' }] }
  ];
  server.answers[IMPORTS] = [200, { imports: [OPENCV], problems: [] }];
  server.answers[CHANGES] = [202, makeJob({ id: 'j9', action: 'change' })];
  endJob({ state: 'running' });
  answerPlan(action({}));
  runs = [];
  flow = new InstallFlow({
    model,
    kernel: 'k1',
    module: 'cv2',
    path: 'a/b.ipynb',
    run: async restart => {
      runs.push(restart);
    }
  });
});

afterEach(() => {
  flow.dispose();
  model.dispose();
});

describe('the lookup', () => {
  it('offers the package that has the module', async () => {
    await flow.start();
    expect(flow.step).toBe('offer');
    expect(flow.items).toEqual([installItem('opencv')]);
    expect(words()).toBe('cv2 is not installed in hfrl.');
    expect(server.bodies).toEqual([
      { cells: ['import cv2'], path: 'a/b.ipynb', environment: 'e1' }
    ]);
  });

  it('says that nothing was found, and why', async () => {
    const nothing = { ...OPENCV, spec: null, reason: 'No channel has it.' };
    server.answers[IMPORTS] = [200, { imports: [nothing], problems: [] }];
    await flow.start();
    expect(flow.step).toBe('absent');
    expect(flow.reason).toBe('No channel has it.');
    expect(flow.problem).toBeNull();
  });

  it('does not take silence for absence, and can be tried again', async () => {
    const problem = { code: 'channel_unreachable', message: 'No answer.' };
    const nothing = { ...OPENCV, spec: null };
    server.answers[IMPORTS] = [
      200,
      { imports: [nothing], problems: [problem] }
    ];
    await flow.start();
    expect(flow.problem?.message).toBe('No answer.');
    server.answers[IMPORTS] = [200, { imports: [OPENCV], problems: [] }];
    await flow.retry();
    expect(flow.step).toBe('offer');
    expect(flow.problem).toBeNull();
  });

  it('knows a module that is installed and not seen', async () => {
    server.answers[IMPORTS] = [
      200,
      { imports: [{ ...OPENCV, installed: true }], problems: [] }
    ];
    await flow.start();
    expect(flow.step).toBe('present');
    await flow.restart();
    expect(runs).toEqual([true]);
  });

  it('offers no second restart', async () => {
    server.answers[IMPORTS] = [
      200,
      { imports: [{ ...OPENCV, installed: true }], problems: [] }
    ];
    flow.dispose();
    const run = async () => undefined;
    const options = { model, kernel: 'k1', module: 'cv2', run };
    flow = new InstallFlow({ ...options, restarted: true });
    await flow.start();
    expect(flow.step).toBe('present');
    expect(flow.mayRestart).toBe(false);
    expect(words()).toContain('also after a restart');
  });

  it('installs nothing where the kernel starts another Python', async () => {
    const problem = {
      code: 'wrong_python',
      message: 'It is a kernel of hfrl, but starts /x/bin/python.',
      remedy: 'register',
      packages: []
    };
    const kernel = { name: 'k1', environment: 'e1', writable: true };
    server.answers['GET kernels'] = [
      200,
      { kernels: [{ ...kernel, scope: 'me', problems: [problem] }] }
    ];
    flow.dispose();
    let registered = 0;
    flow = new InstallFlow({
      model,
      kernel: 'k1',
      module: 'cv2',
      run: async () => undefined,
      register: async () => {
        registered += 1;
      }
    });
    await flow.start();
    expect(flow.step).toBe('elsewhere');
    expect(flow.canRegister).toBe(true);
    expect(words()).toContain('but starts /x/bin/python');
    expect(server.count(IMPORTS)).toBe(0);
    await flow.register();
    expect(registered).toBe(1);
  });

  it('stops at an environment that cannot be changed', async () => {
    environment({ unchangeable: 'It runs this server.' });
    await flow.start();
    expect(flow.step).toBe('closed');
    expect(flow.environment?.unchangeable).toBe('It runs this server.');
    expect(server.count(IMPORTS)).toBe(0);
  });

  it('stops at a kernel of no environment', async () => {
    server.answers['GET kernels'] = [200, { kernels: [] }];
    await flow.start();
    expect(flow.step).toBe('closed');
    expect(words()).toContain('not known here');
  });

  it('is not needed where the packages are known', async () => {
    const items = [installItem('tiny-plot', true)];
    const hint = new InstallFlow({
      model,
      kernel: 'k1',
      items,
      lead: 'That misses.',
      run: async () => undefined
    });
    await hint.start();
    expect(hint.step).toBe('offer');
    await hint.preview();
    expect(server.bodies).toMatchObject([{ pypi: { install: ['tiny-plot'] } }]);
    hint.dispose();
  });
});

describe('the install', () => {
  beforeEach(async () => {
    await flow.start();
    server.bodies.length = 0;
  });

  it('applies exactly the plan that was shown, and runs the cell again', async () => {
    await flow.preview();
    expect(flow.step).toBe('plan');
    expect(words()).toMatch(/^Into hfrl: opencv 4\.9, /);
    await flow.apply();
    expect(server.bodies[1]).toEqual({ install: ['opencv'], plan: 'p1' });
    expect(flow.step).toBe('working');
    expect(flow.job?.id).toBe('j9');
    endJob({ state: 'succeeded' });
    emit();
    await until(() => runs.length > 0);
    expect(flow.step).toBe('done');
    expect(runs).toEqual([false]);
  });

  it('sees a job that has ended before the answer that names it', async () => {
    await flow.preview();
    endJob({ state: 'succeeded' });
    await flow.apply();
    await until(() => runs.length > 0);
    expect(runs).toEqual([false]);
  });

  it.each(['upgrade', 'downgrade', 'remove', 'rebuild'] as const)(
    'asks for a restart after an %s',
    async op => {
      answerPlan(action({}), action({ op, name: 'numpy', reason: 'needed' }));
      await flow.preview();
      endJob({ state: 'succeeded' });
      await flow.apply();
      await until(() => flow.step === 'restart');
      expect(runs).toEqual([]);
      await flow.restart();
      expect(runs).toEqual([true]);
    }
  );

  it('shows why a job has failed, and makes a new plan on a new try', async () => {
    await flow.preview();
    await flow.apply();
    endJob({
      state: 'failed',
      error: { code: 'x', message: 'No.', hint: '', field: null, details: {} }
    });
    emit();
    await until(() => flow.step === 'failed');
    expect(flow.job?.error?.message).toBe('No.');
    await flow.retry();
    expect(flow.step).toBe('plan');
    expect(runs).toEqual([]);
  });

  it('goes back to the offer when there is no plan, and says why', async () => {
    server.answers[PREVIEW] = [422, { code: 'unsatisfiable', message: 'No.' }];
    await flow.preview();
    expect(flow.step).toBe('offer');
    expect(flow.problem?.message).toBe('No.');
    answerPlan(action({}));
    await flow.retry();
    expect(flow.step).toBe('plan');
  });

  it('makes a new plan when the environment has changed since', async () => {
    await flow.preview();
    server.answers[CHANGES] = [409, { code: 'conflict', message: 'Moved.' }];
    await flow.apply();
    expect(flow.step).toBe('offer');
    expect(flow.problem?.message).toBe('Moved.');
    await flow.retry();
    expect(flow.step).toBe('plan');
  });

  it('takes an explicit yes for what would be overwritten', async () => {
    server.answers[PREVIEW] = [
      409,
      { code: 'overwrites_conda', message: 'Overwrites six.' }
    ];
    await flow.preview();
    expect(flow.canAccept).toBe(true);
    answerPlan(action({}));
    await flow.accept();
    expect(flow.step).toBe('plan');
    await flow.apply();
    expect(server.bodies[2]).toMatchObject({ accept: ['overwrites_conda'] });
  });

  it('does nothing when the plan is put away', async () => {
    await flow.preview();
    flow.back();
    await flow.apply();
    expect(flow.step).toBe('offer');
    expect(server.count(CHANGES)).toBe(0);
  });
});

describe('the words for a plan', () => {
  const plan = (...actions: PlanAction[]) =>
    planSentence(answerPlan(...actions) as never, trans);

  it('say what comes along and that nothing else changes', () => {
    const needed = ['a', 'b', 'c'].map(name =>
      action({ name, reason: 'needed' })
    );
    expect(plan(action({}), ...needed)).toBe(
      'opencv 4.9 and 3 more, 12 MB to download; nothing else changes.'
    );
  });

  it('name what is changed', () => {
    const numpy = action({ op: 'upgrade', name: 'numpy', reason: 'needed' });
    expect(plan(action({}), numpy)).toBe(
      'opencv 4.9, 12 MB to download; 1 installed package changes: numpy.'
    );
  });

  it('say that there is nothing to do', () => {
    expect(plan()).toBe('Everything is installed already.');
  });
});
