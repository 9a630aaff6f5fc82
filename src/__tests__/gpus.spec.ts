import { Poll } from '@lumino/polling';

import type { GpuDevice, GpuReport } from '../_models';
import { GpuPoll, pace, sameGpus } from '../gpu/gpufigures';
import type { EnvManagerModel } from '../model';
import { type FakeServer, makeModel, until } from './fakes';

const DEVICE: GpuDevice = {
  index: 0,
  name: 'NVIDIA H100',
  uuid: 'GPU-1',
  memory_total: 80e9,
  memory_free: 70e9,
  memory_used: 10e9,
  compute_capability: '9.0',
  utilization: 30,
  mig: false,
  instances: [],
  processes: []
};

function report(
  devices: GpuDevice[] = [DEVICE],
  change: Partial<GpuReport> = {}
): GpuReport {
  return {
    available: devices.length > 0,
    message: '',
    driver: '580.65',
    cuda: '13.0',
    override: null,
    devices,
    targets: [],
    problems: [],
    ...change
  };
}

const BUSY = {
  ...DEVICE,
  memory_used: 60e9,
  memory_free: 20e9,
  utilization: 99
};
const NO_DRIVER = { driver: null, cuda: null };
const PROBLEM = {
  code: 'gpu_timeout',
  message: 'No.',
  hint: '',
  field: null,
  details: {}
};

let model: EnvManagerModel;
let server: FakeServer;

beforeEach(() => {
  ({ model, server } = makeModel());
});

afterEach(() => model.dispose());

function answer(value: GpuReport): void {
  server.answers['GET gpus'] = [200, value];
}

describe('figures', () => {
  it.each([
    ['use of memory', BUSY, true],
    [
      'a process',
      {
        ...DEVICE,
        processes: [{ pid: 1, name: 'python', user: 'ann', memory: 1 }]
      },
      true
    ],
    ['another device', { ...DEVICE, uuid: 'GPU-2' }, false],
    ['a split', { ...DEVICE, mig: true }, false]
  ] as [string, GpuDevice, boolean][])('%s', (_, device, same) => {
    expect(sameGpus(report(), report([device]))).toBe(same);
  });

  it('change without a word to those who show none', async () => {
    answer(report());
    await model.refresh('gpus');
    const state = jest.fn();
    const figures = jest.fn();
    model.stateChanged.connect(state);
    model.gpusChanged.connect(figures);
    answer(report([BUSY]));
    await model.refresh('gpus');
    expect(state).not.toHaveBeenCalled();
    expect(figures).toHaveBeenCalledTimes(1);
    expect(model.get('gpus').data?.devices[0].utilization).toBe(99);
    await model.refresh('gpus');
    expect(figures).toHaveBeenCalledTimes(1);
  });

  it('are of interest to all when there is another driver, or none', async () => {
    answer(report());
    await model.refresh('gpus');
    const state = jest.fn();
    model.stateChanged.connect(state);
    answer(report([], NO_DRIVER));
    await model.refresh('gpus');
    expect(state).toHaveBeenCalledTimes(1);
    server.answers['GET gpus'] = [500, { code: 'x', message: 'No.' }];
    await model.refresh('gpus');
    expect(state).toHaveBeenCalledTimes(2);
  });
});

describe('the pace', () => {
  const read = { problem: null, loading: false };

  it.each([
    ['a device', report(), null, 2_000],
    ['a driver without a device', report([]), null, 30_000],
    ['no driver', report([], NO_DRIVER), null, Poll.NEVER],
    [
      'a driver in trouble',
      report([], { ...NO_DRIVER, problems: [PROBLEM] }),
      null,
      30_000
    ],
    ['a server in trouble', report(), PROBLEM, 30_000],
    ['nothing read yet', null, null, Poll.NEVER]
  ])('with %s', (_, data, problem, expected) => {
    expect(pace({ ...read, data, problem })).toBe(expected);
  });
});

describe('the poll', () => {
  let poll: GpuPoll;
  const count = () => server.count('GET gpus');
  // Longer than what keeps two reads apart.
  const settle = () => new Promise(resolve => setTimeout(resolve, 260));

  beforeEach(() => {
    poll = new GpuPoll(model, 20);
  });

  afterEach(() => {
    poll.dispose();
  });

  it('reads nothing before it is started, and again and again then', async () => {
    answer(report());
    expect(count()).toBe(0);
    poll.start();
    await until(() => count() >= 2);
    poll.stop();
    await settle();
    const before = count();
    await settle();
    expect(count()).toBe(before);
    poll.start();
    await until(() => count() > before);
  });

  it('rests where there is no driver, until some are found', async () => {
    answer(report([], NO_DRIVER));
    poll.start();
    await until(() => count() === 1);
    await settle();
    expect(count()).toBe(1);
    answer(report());
    await model.refresh('gpus');
    await until(() => count() >= 3);
  });

  it('rests while the page is hidden', async () => {
    answer(report());
    const visible = jest
      .spyOn(document, 'visibilityState', 'get')
      .mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    await model.refresh('gpus');
    poll.start();
    await settle();
    expect(count()).toBe(1);
    visible.mockRestore();
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => count() >= 2);
  });
});
