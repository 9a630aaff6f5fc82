import type {
  Activation,
  Change,
  CompareRequest,
  Comparison,
  Description,
  EnvironmentGpu,
  Export,
  GpuCheck,
  Health,
  History,
  Job,
  KernelOffers,
  PackageHits,
  PackageInfo,
  Packages,
  PackageUpdates,
  PackRequest,
  Plan,
  Sharing,
  TerminalName
} from './_models';
import type { EnvManagerApi } from './api';
import type { IInside } from './tokens';

/** Sends what starts a job, and follows the job. */
export type StartJob = (
  path: string[],
  method: 'POST' | 'DELETE',
  body?: unknown
) => Promise<Job>;

/** What is inside one environment of the server. */
export class Inside implements IInside {
  /**
   * @param _id - the environment's id
   * @param _api - asks the server
   * @param _start - starts jobs
   */
  constructor(
    private readonly _id: string,
    private readonly _api: EnvManagerApi,
    private readonly _start: StartJob
  ) {}

  /** The installed packages. */
  packages(): Promise<Packages> {
    return this._api.request(this._path('packages'));
  }

  /** What is newer than what is installed. */
  updates(): Promise<PackageUpdates> {
    return this._api.request(this._path('updates'));
  }

  /** Compare the files with what the packages brought; `full` by content. */
  health(full = false): Promise<Health> {
    const query = { full: full ? 1 : undefined };
    return this._api.request(this._path('health'), { query });
  }

  /** The generations. */
  history(): Promise<History> {
    return this._api.request(this._path('history'));
  }

  /** Search the channels of this environment for packages, and PyPI for exactly this name. */
  search(
    q: string,
    limit: number,
    pypi: boolean,
    signal?: AbortSignal
  ): Promise<PackageHits> {
    const query = {
      q,
      limit,
      environment: this._id,
      pypi: pypi ? 1 : undefined
    };
    return this._api.request(['packages'], { query, signal });
  }

  /** What the channels of this environment, or PyPI, offer of one package. */
  packageInfo(name: string, manager: 'conda' | 'pypi'): Promise<PackageInfo> {
    const query = { environment: this._id, manager };
    return this._api.request(['packages', name], { query });
  }

  /** What a change would do. */
  preview(body: Change): Promise<Plan> {
    return this._api.request(this._path('preview'), { method: 'POST', body });
  }

  /** Change the environment. */
  change(body: Change): Promise<Job> {
    return this._start(this._path('changes'), 'POST', body);
  }

  /** Make another generation the current one. */
  rollback(generation: number): Promise<Job> {
    return this._start(this._path('rollback'), 'POST', { generation });
  }

  /** Give up a kept generation. */
  async forget(generation: number): Promise<void> {
    await this._api.request(this._path('history', String(generation)), {
      method: 'DELETE'
    });
  }

  /** What can be a kernel here. */
  kernelOffers(): Promise<KernelOffers> {
    return this._api.request(this._path('kernels'));
  }

  /** What it is made of, in words that make sense elsewhere. */
  description(): Promise<Description> {
    return this._api.request(this._path('description'));
  }

  /** As a file that it can be made from elsewhere. */
  export(format: Export['format']): Promise<Export> {
    return this._api.request(this._path('export'), { query: { format } });
  }

  /** How to use it outside Jupyter. */
  activation(): Promise<Activation> {
    return this._api.request(this._path('activation'));
  }

  /** What it is for, what is installed for the GPU, what the last check found. */
  gpu(): Promise<EnvironmentGpu> {
    return this._api.request(this._path('gpu'));
  }

  /** Begin to ask its frameworks for the GPU. */
  checkGpu(): Promise<GpuCheck> {
    return this._api.request(this._path('gpu', 'check'), { method: 'POST' });
  }

  /** End such a check. */
  async cancelGpuCheck(): Promise<void> {
    await this._api.request(this._path('gpu', 'check'), { method: 'DELETE' });
  }

  /** How it differs from another one, or from a file. */
  compare(body: CompareRequest): Promise<Comparison> {
    return this._api.request(this._path('compare'), { method: 'POST', body });
  }

  /** Who can use it, and what keeps them from it. */
  sharing(): Promise<Sharing> {
    return this._api.request(this._path('sharing'));
  }

  /** Put right what keeps the group from using it. */
  repairSharing(): Promise<Sharing> {
    return this._api.request(this._path('sharing'), { method: 'POST' });
  }

  /** Write it as an archive. */
  pack(body: PackRequest): Promise<Job> {
    return this._start(this._path('pack'), 'POST', body);
  }

  /** Start a terminal in which it is active. */
  terminal(): Promise<TerminalName> {
    return this._api.request(this._path('terminal'), { method: 'POST' });
  }

  private _path(...parts: string[]): string[] {
    return ['environments', this._id, ...parts];
  }
}
