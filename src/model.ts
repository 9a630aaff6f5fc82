import type { Event, KernelSpec, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt, type ReadonlyJSONValue } from '@lumino/coreutils';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type {
  Environment,
  GpuReport,
  Job,
  Kernel,
  KernelCheck,
  KernelCopy,
  KernelEdit,
  NewEnvironment,
  NewKernel
} from './_models';
import { EnvManagerApi, toProblem } from './api';
import { sameGpus } from './gpu/gpufigures';
import { Inside } from './inside';
import { isActive, jobKey, Speedometer } from './jobs/jobstate';
import { renewLogos } from './kernels/logocache';
import { Questions } from './questions';
import { Refresher } from './refresher';
import type {
  IEnvManagerModel,
  IInside,
  IJobSpeed,
  IResource,
  ITopics,
  Topic
} from './tokens';

/** The schema of the events that the server sends about jobs. */
export const JOB_EVENT = 'https://events.jupyter.org/jupyter_envmanager/job/v1';

const SILENCE = 10_000;

type Resources = { [K in Topic]: IResource<ITopics[K]> };

function empty<T>(): IResource<T> {
  return { data: null, problem: null, loading: false };
}

/** The model: what the server says, kept fresh by its events. */
export class EnvManagerModel extends Questions implements IEnvManagerModel {
  /** Follow the server of these settings. */
  constructor(options: EnvManagerModel.IOptions) {
    super(new EnvManagerApi(options.serverSettings, options.trans));
    this._kernelspecs = options.kernelspecs;
    this._events = options.events;
    this._events.stream.connect(this._onEvent, this);
    document.addEventListener('visibilitychange', this._onReturn);
    window.addEventListener('online', this._onReturn);
    // The event bus says when to look. This poll helps only where the bus cannot connect (a proxy without
    // websockets): it rests unless a job is active and the bus has been silent for ten seconds.
    this._poll = new Poll({
      name: 'jupyter-envmanager:jobs',
      factory: () => this._pollJobs(),
      frequency: { interval: SILENCE, backoff: true, max: 60_000 },
      standby: () => (this._needsPoll() ? 'when-hidden' : true)
    });
  }

  /** Emitted when anything has changed but the figures of GPUs, which never rest. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Emitted when anything about the GPUs has changed, their figures too. */
  get gpusChanged(): ISignal<this, void> {
    return this._gpusChanged;
  }

  /** Emitted once for each job that was seen active and has finished. */
  get jobFinished(): ISignal<this, Job> {
    return this._jobFinished;
  }

  /** Whether the model is disposed. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Stop following the server. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._poll.dispose();
    this._events.stream.disconnect(this._onEvent, this);
    document.removeEventListener('visibilitychange', this._onReturn);
    window.removeEventListener('online', this._onReturn);
    Signal.clearData(this);
  }

  /** Something read from the server. */
  get<K extends Topic>(topic: K): IResource<ITopics[K]> {
    return this._resources[topic];
  }

  /** Read again; without arguments: everything but the GPUs. */
  refresh(...topics: Topic[]): Promise<void> {
    const all: Topic[] = ['status', 'environments', 'kernels', 'jobs'];
    return this._refresher.request(...(topics.length ? topics : all));
  }

  /** An environment by id. */
  environment(id: string): Environment | undefined {
    const { data } = this._resources.environments;
    return data?.environments.find(environment => environment.id === id);
  }

  /** A kernel by name. */
  kernel(name: string): Kernel | undefined {
    const { data } = this._resources.kernels;
    return data?.kernels.find(kernel => kernel.name === name);
  }

  /** The address of a kernel's logo; null where it has none. */
  kernelLogo(name: string): string | null {
    const { resources = {} } = this._kernelspecs.specs?.kernelspecs[name] ?? {};
    const url = resources['logo-svg'] ?? resources['logo-64x64'];
    const version = this._logoVersions.get(name);
    // A browser keeps a picture by its address: another one gets another address.
    return url && version ? `${url}?changed=${version}` : (url ?? null);
  }

  /** A job by id. */
  job(id: string): Job | undefined {
    return this._resources.jobs.data?.jobs.find(job => job.id === id);
  }

  /** How fast a job downloads, while it does. */
  speed(id: string): IJobSpeed | null {
    const job = this.job(id);
    return job ? this._speedometer.speed(job) : null;
  }

  /** Make an environment. */
  create(body: NewEnvironment): Promise<Job> {
    return this._startJob(['environments'], 'POST', body);
  }

  /** Remove an environment. */
  remove(id: string): Promise<Job> {
    return this._startJob(['environments', id], 'DELETE');
  }

  /** What is inside an environment. */
  inside(id: string): IInside {
    return new Inside(id, this.api, (...request) => this._startJob(...request));
  }

  /** Cancel a job. */
  async cancel(id: string): Promise<void> {
    await this.api.request(['jobs', id], { method: 'DELETE' });
    await this.refresh('jobs');
  }

  /** Register a kernel for an environment. */
  registerKernel(body: NewKernel): Promise<Kernel> {
    return this._changeKernel([], 'POST', body);
  }

  /** Change a kernel; `force` also one that we did not write. */
  editKernel(name: string, body: KernelEdit, force = false): Promise<Kernel> {
    return this._changeKernel([name], 'PATCH', body, force);
  }

  /** Make a copy of a kernel. */
  copyKernel(name: string, body: KernelCopy): Promise<Kernel> {
    return this._changeKernel([name, 'copy'], 'POST', body);
  }

  /** Move a kernel; `force` also one that we did not write. */
  moveKernel(name: string, to: 'me' | 'group', force = false): Promise<Kernel> {
    return this._changeKernel([name, 'move'], 'POST', { to }, force);
  }

  /** Write a kernel anew for its environment; `force` also one that we did not write. */
  rewriteKernel(name: string, force = false): Promise<Kernel> {
    return this._changeKernel([name, 'rewrite'], 'POST', undefined, force);
  }

  /** Start a kernel once and say whether it answers. */
  async checkKernel(name: string): Promise<KernelCheck> {
    this._checking.add(name);
    this._stateChanged.emit();
    try {
      return await this.api.request<KernelCheck>(['kernels', name, 'check'], {
        method: 'POST'
      });
    } finally {
      await this.refresh('kernels');
      this._checking.delete(name);
      this._stateChanged.emit();
    }
  }

  /** Whether a kernel is being tested for this page now. */
  isChecking(name: string): boolean {
    return this._checking.has(name);
  }

  /** Remove a kernelspec; `force` also one that we did not write. */
  async removeKernel(name: string, force = false): Promise<void> {
    await this._changeKernel([name], 'DELETE', undefined, force);
  }

  private async _startJob(
    path: string[],
    method: 'POST' | 'DELETE',
    body?: unknown
  ): Promise<Job> {
    const job = await this.api.request<Job>(path, { method, body });
    this._watched.add(job.id);
    await this.refresh('jobs', 'environments');
    return job;
  }

  /** Change a kernelspec, and let launcher and kernel pickers know. */
  private async _changeKernel<T>(
    path: string[],
    method: 'POST' | 'PATCH' | 'DELETE',
    body?: unknown,
    force = false
  ): Promise<T> {
    const answer = await this.api.request<T>(['kernels', ...path], {
      method,
      body,
      query: { force: force ? 1 : undefined }
    });
    await this._refreshKernels();
    if (path.length) {
      await this._renewLogo(path[0]);
    }
    // The kernelspecs may have come after what else has changed.
    this._stateChanged.emit();
    return answer;
  }

  /** What shows a kernel's logo shows it as it is now. */
  private async _renewLogo(name: string): Promise<void> {
    const { resources = {} } = this._kernelspecs.specs?.kernelspecs[name] ?? {};
    const version = Date.now();
    this._logoVersions.set(name, version);
    await renewLogos(Object.values(resources), version);
  }

  private async _refreshKernels(): Promise<void> {
    await Promise.all([
      this.refresh('kernels', 'environments'),
      this._kernelspecs.refreshSpecs()
    ]);
  }

  /** Read these topics; runs one at a time. */
  private async _fetch(topics: Set<Topic>): Promise<void> {
    const before = this._resources.jobs.data?.jobs ?? null;
    const loads = [...topics].map(topic => this._load(topic));
    if ((await Promise.all(loads)).includes(true) && !this._isDisposed) {
      this._stateChanged.emit();
    }
    if (topics.has('jobs') && !this._isDisposed) {
      this._compareJobs(before);
    }
  }

  /** Read one topic; true when something has changed. */
  private async _load<K extends Topic>(topic: K): Promise<boolean> {
    const old = this._resources[topic];
    this._set(topic, { ...old, loading: true });
    if (!old.data) {
      this._stateChanged.emit();
    }
    try {
      const data = await this.api.request<ITopics[K]>([topic]);
      const same = !old.problem && equal(old.data, data);
      this._set(topic, {
        data: same ? old.data : data,
        problem: null,
        loading: false
      });
      if (topic === 'jobs') {
        this._speedometer.record((data as ITopics['jobs']).jobs);
      }
      return topic === 'gpus' ? this._compareGpus(old, same) : !same;
    } catch (error) {
      this._set(topic, { ...old, problem: toProblem(error), loading: false });
      if (topic === 'gpus') {
        this._gpusChanged.emit();
      }
      return true;
    }
  }

  /** Tell those who show figures; true when something has changed that others show. */
  private _compareGpus(
    { data: before, problem }: Pick<Resources[Topic], 'data' | 'problem'>,
    same: boolean
  ): boolean {
    const { data: now } = this._resources.gpus;
    if (same || !now) {
      return false;
    }
    this._gpusChanged.emit();
    return problem !== null || !before || !sameGpus(before as GpuReport, now);
  }

  private _set<K extends Topic>(topic: K, value: IResource<ITopics[K]>): void {
    (this._resources as Record<Topic, unknown>)[topic] = value;
  }

  /** Follow what jobs have done to environments and kernels. */
  private _compareJobs(before: Job[] | null): void {
    const jobs = this._resources.jobs.data?.jobs ?? [];
    const known = new Map(before?.map(job => [job.id, job]) ?? []);
    let changed = false;
    for (const job of jobs) {
      const old = known.get(job.id);
      if (isActive(job)) {
        this._watched.add(job.id);
      }
      const fresh = old ? jobKey(old) !== jobKey(job) : before !== null;
      changed = changed || fresh;
      if (!isActive(job) && this._watched.delete(job.id)) {
        changed = true;
        this._jobFinished.emit(job);
      }
    }
    if (changed) {
      void this._refreshKernels().catch(reason => console.warn(reason));
    }
  }

  private _onEvent(_: Event.IManager, emission: Event.Emission): void {
    if (emission.schema_id === JOB_EVENT) {
      this._lastEvent = Date.now();
      // Without a job, something about an environment is known now: its size.
      void this.refresh(emission['job'] === '' ? 'environments' : 'jobs');
    }
  }

  /** Catch up once after the page was hidden or offline, as events may have been missed. */
  private _onReturn = (): void => {
    const { environments, jobs } = this._resources;
    if (!document.hidden && (environments.data || environments.problem)) {
      void this.refresh();
    } else if (!document.hidden && jobs.data) {
      void this.refresh('jobs');
    }
  };

  private _needsPoll(): boolean {
    const jobs = this._resources.jobs.data?.jobs ?? [];
    return (
      jobs.some(job => isActive(job) || job.aftercare) &&
      Date.now() - this._lastEvent > SILENCE
    );
  }

  private async _pollJobs(): Promise<void> {
    if (!this._needsPoll()) {
      return;
    }
    await this.refresh('jobs');
    if (this._resources.jobs.problem) {
      throw new Error(this._resources.jobs.problem.message);
    }
  }

  private readonly _events: Event.IManager;
  private readonly _kernelspecs: KernelSpec.IManager;
  private readonly _poll: Poll;
  private readonly _refresher = new Refresher<Topic>(topics =>
    this._fetch(topics)
  );
  private readonly _speedometer = new Speedometer();
  private readonly _resources: Resources = {
    status: empty(),
    environments: empty(),
    kernels: empty(),
    gpus: empty(),
    jobs: empty()
  };
  private readonly _watched = new Set<string>();
  private readonly _checking = new Set<string>();
  private readonly _logoVersions = new Map<string, number>();
  private _lastEvent = 0;
  private _isDisposed = false;
  private readonly _stateChanged = new Signal<this, void>(this);
  private readonly _gpusChanged = new Signal<this, void>(this);
  private readonly _jobFinished = new Signal<this, Job>(this);
}

/** The namespace of the model's statics. */
export namespace EnvManagerModel {
  /** What the model needs. */
  export interface IOptions {
    /** Where the server is. */
    serverSettings: ServerConnection.ISettings;
    /** Jupyter's event bus. */
    events: Event.IManager;
    /** The kernelspecs that launcher and kernel pickers show. */
    kernelspecs: KernelSpec.IManager;
    /** Translates the texts of problems found here. */
    trans: TranslationBundle;
  }
}

function equal(one: unknown, other: unknown): boolean {
  return JSONExt.deepEqual(
    one as ReadonlyJSONValue,
    other as ReadonlyJSONValue
  );
}
