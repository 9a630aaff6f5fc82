import { JSONExt, type ReadonlyJSONValue } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';

import type { GpuReport } from '../_models';
import type { IEnvManagerModel, IResource } from '../tokens';

/** Whether two reports tell of the same GPUs, whatever these are doing. */
export function sameGpus(one: GpuReport, other: GpuReport): boolean {
  return JSONExt.deepEqual(withoutFigures(one), withoutFigures(other));
}

function withoutFigures(report: GpuReport): ReadonlyJSONValue {
  const devices = report.devices.map(device => ({
    ...device,
    memory_free: null,
    memory_used: null,
    utilization: null,
    processes: null,
    instances: device.instances.map(instance => ({
      ...instance,
      memory_free: null
    }))
  }));
  return { ...report, devices } as unknown as ReadonlyJSONValue;
}

/** Milliseconds until figures are read again. */
const LIVE = 2_000;
/** The same where the driver sees no GPU, or had trouble the last time, as the server may have had. */
const PATIENT = 30_000;

/** When GPUs should be read again; never where there is no driver. */
export function pace(
  { data, problem }: IResource<GpuReport>,
  live = LIVE
): number {
  if (problem) {
    return PATIENT;
  }
  if (data?.devices.length) {
    return live;
  }
  return data?.driver || data?.problems.length ? PATIENT : Poll.NEVER;
}

/** Keeps the figures of the GPUs fresh while somebody looks at them. */
export class GpuPoll implements IDisposable {
  /**
   * @param _model - reads, once started
   * @param _live - milliseconds between two looks at devices
   */
  constructor(
    private readonly _model: IEnvManagerModel,
    private readonly _live = LIVE
  ) {
    this._poll = new Poll({
      auto: false,
      name: 'jupyter-envmanager:gpus',
      factory: () => _model.refresh('gpus'),
      frequency: frequency(Poll.NEVER),
      // Not even once more when the page is hidden.
      linger: 0
    });
    _model.gpusChanged.connect(this._onGpus, this);
  }

  /** Whether it is disposed. */
  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Somebody looks: read now, and go on. */
  start(): void {
    void this._poll.start();
  }

  /** Nobody looks any more. */
  stop(): void {
    void this._poll.stop();
  }

  /** Stop for good. */
  dispose(): void {
    this._model.gpusChanged.disconnect(this._onGpus, this);
    this._poll.dispose();
  }

  private _onGpus(): void {
    const { _poll: poll } = this;
    const rests = poll.frequency.interval === Poll.NEVER;
    poll.frequency = frequency(pace(this._model.get('gpus'), this._live));
    // What rests does not look at its new frequency by itself.
    if (
      rests &&
      !['constructed', 'started', 'stopped'].includes(poll.state.phase)
    ) {
      void poll.schedule();
    }
  }

  private readonly _poll: Poll;
}

function frequency(interval: number) {
  return { interval, backoff: false, max: interval };
}
