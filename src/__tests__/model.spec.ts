import type { Job } from '../_models';
import { EnvManagerError } from '../api';
import type { EnvManagerModel } from '../model';
import { type FakeServer, makeJob, makeModel, until } from './fakes';

let model: EnvManagerModel;
let server: FakeServer;
let emit: (schema?: string, job?: string) => void;
let specs: { refreshed: number };

beforeEach(() => {
  ({ model, server, emit, specs } = makeModel());
});

afterEach(() => model.dispose());

function jobs(...list: Job[]): void {
  server.answers['GET jobs'] = [200, { jobs: list }];
}

describe('refresh', () => {
  it('asks nothing before it is told to', async () => {
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(server.requests).toEqual([]);
  });

  it('reads everything but the GPUs, under the base URL of a hub', async () => {
    await model.refresh();
    expect(server.requests.sort()).toEqual([
      'GET environments',
      'GET jobs',
      'GET kernels',
      'GET status'
    ]);
  });

  it('keeps the last good answer beside a problem', async () => {
    await model.refresh('status');
    server.answers['GET status'] = [502, { code: 'busy', message: 'No.' }];
    await model.refresh('status');
    const { data, problem } = model.get('status');
    expect(data?.channels).toEqual(['conda-forge']);
    expect(problem).toMatchObject({ code: 'busy', hint: '', field: null });
  });

  it('keeps still when nothing has changed', async () => {
    await model.refresh('environments');
    const changed = jest.fn();
    model.stateChanged.connect(changed);
    await model.refresh('environments');
    expect(changed).not.toHaveBeenCalled();
  });

  it('coalesces a storm of calls', async () => {
    await Promise.all(Array.from({ length: 50 }, () => model.refresh('jobs')));
    expect(server.count('GET jobs')).toBeLessThanOrEqual(2);
  });
});

describe('events', () => {
  it('are hints: a storm of them reads the jobs a few times', async () => {
    for (let index = 0; index < 40; index++) {
      emit();
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    await until(() => server.count('GET jobs') >= 2);
    expect(server.count('GET jobs')).toBeLessThanOrEqual(5);
    expect(server.count('GET environments')).toBe(0);
  });

  it('without a job read the environments', async () => {
    emit(undefined, '');
    await until(() => server.count('GET environments') === 1);
    expect(server.count('GET jobs')).toBe(0);
  });

  it('of others are ignored', async () => {
    emit('https://events.jupyter.org/jupyter_server/contents_service/v1');
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(server.requests).toEqual([]);
  });

  it('read environments, kernels and kernelspecs again when a state changes', async () => {
    jobs(makeJob());
    await model.refresh('jobs');
    jobs(makeJob({ progress: 0.5 }));
    emit();
    await until(() => model.job('j1')?.progress === 0.5);
    expect(specs.refreshed).toBe(0);
    jobs(makeJob({ state: 'succeeded', progress: 1 }));
    emit();
    await until(() => server.count('GET kernels') === 1);
    expect(server.count('GET environments')).toBe(1);
    expect(specs.refreshed).toBe(1);
  });

  it('announce a job once, when it has finished', async () => {
    const finished: Job[] = [];
    model.jobFinished.connect((_, job) => finished.push(job));
    jobs(makeJob({ id: 'old', state: 'failed' }), makeJob());
    await model.refresh('jobs');
    jobs(
      makeJob({ id: 'old', state: 'failed' }),
      makeJob({ state: 'succeeded' })
    );
    await model.refresh('jobs');
    await model.refresh('jobs');
    expect(finished.map(({ id }) => id)).toEqual(['j1']);
  });

  it('announce a job that finished before it was ever listed', async () => {
    const finished: Job[] = [];
    model.jobFinished.connect((_, job) => finished.push(job));
    server.answers['POST environments'] = [202, makeJob({ state: 'queued' })];
    jobs(makeJob({ state: 'succeeded' }));
    await model.create({
      source: { type: 'specs', specs: ['python'] },
      name: 'x'
    });
    expect(finished.map(({ id }) => id)).toEqual(['j1']);
  });

  it('mean nothing to a disposed model', async () => {
    model.dispose();
    emit();
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(server.requests).toEqual([]);
  });
});

describe('verbs', () => {
  it('call, then refresh', async () => {
    server.answers['DELETE environments/e1'] = [
      202,
      makeJob({ action: 'remove' })
    ];
    await model.remove('e1');
    expect(server.requests[0]).toBe('DELETE environments/e1');
    expect(server.requests.slice(1).sort()).toContain('GET jobs');
  });

  it('remove a kernel without a body in the answer', async () => {
    server.answers['DELETE kernels/my-kernel'] = [204, ''];
    await model.removeKernel('my-kernel');
    expect(specs.refreshed).toBe(1);
  });

  it('say which kernel is being tested', async () => {
    server.answers['POST kernels/k/check'] = [
      200,
      { state: 'passed', time: 1, seconds: 1.2, problem: null }
    ];
    const check = model.checkKernel('k');
    expect(model.isChecking('k')).toBe(true);
    expect((await check).seconds).toBe(1.2);
    expect(model.isChecking('k')).toBe(false);
  });
});

describe('problems', () => {
  async function problemOf(status: number, body: unknown) {
    server.answers['POST environments/preview'] = [status, body];
    try {
      await model.preview({ source: { type: 'specs', specs: [] } });
    } catch (error) {
      return (error as EnvManagerError).problem;
    }
    throw new Error('no problem');
  }

  it('of the server come through', async () => {
    const problem = await problemOf(422, {
      code: 'unsatisfiable',
      message: 'No.',
      hint: 'Loosen.',
      field: 'specs',
      details: {}
    });
    expect(problem).toMatchObject({ code: 'unsatisfiable', field: 'specs' });
  });

  it.each([
    [404, '<html>', 'extension_missing'],
    [404, { message: 'Not Found', reason: null }, 'extension_missing'],
    [403, { message: 'Forbidden' }, 'login'],
    [200, '<html>login</html>', 'login'],
    [503, 'upstream', 'proxy'],
    [500, { message: 'Unhandled error' }, 'http'],
    [0, '', 'network']
  ])(
    'of HTTP %p with %p become %p, with a hint',
    async (status, body, code) => {
      const problem = await problemOf(status, body);
      expect(problem.code).toBe(code);
      expect(problem.message).not.toBe('');
      expect(problem.hint).not.toBe('');
    }
  );
});
