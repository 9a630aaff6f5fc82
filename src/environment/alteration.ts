import { type ISignal, Signal } from '@lumino/signaling';

import type { GpuRemedy, GpuTarget, Plan, Problem } from '../_models';
import { EnvManagerError, toProblem } from '../api';
import {
  type IPendingItem,
  type LikeSource,
  placeOf,
  likenessOf,
  toChange,
  withItem
} from '../plan/pending';
import type { IInside } from '../tokens';
import { withRemedy } from './remedyitems';

/** What the page of an environment waits for. */
export type Waiting = 'preview' | 'apply' | 'rollback';

/** The code of the problem that a plan would overwrite conda packages. */
const OVERWRITES = 'overwrites_conda';
/** The code of the problem that a GPU was wanted, and a CPU build came out. */
const CPU_BUILD = 'cpu_build';
/** What needs an explicit yes. */
const ACCEPTABLE = [OVERWRITES, CPU_BUILD];

/** The changes of an environment that are collected, the plan for them, and the job that came of it. */
export class Alteration {
  /**
   * @param _inside - the environment
   * @param items - what was collected before
   */
  constructor(
    private readonly _inside: IInside,
    items: IPendingItem[] = []
  ) {
    this._items = items;
  }

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is asked for. */
  get items(): readonly IPendingItem[] {
    return this._items;
  }

  /** What is asked for beyond what the job at work does already. */
  get open(): readonly IPendingItem[] {
    return this._job !== null && this._job === this._applied
      ? this._items.filter(item => !this._sent.includes(item))
      : this._items;
  }

  /** The plan of the last preview. */
  get plan(): Plan | null {
    return this._plan;
  }

  /** Whether the plan is not what would be done now. */
  get outdated(): boolean {
    return this._outdated;
  }

  /** What is being waited for. */
  get busy(): Waiting | null {
    return this._busy;
  }

  /** What went wrong last. */
  get problem(): Problem | null {
    return this._problem;
  }

  /** The id of the job that the page shows; null when it shows none. */
  get job(): string | null {
    return this._job;
  }

  /** Whether the plan is refused as it is: a GPU was wanted, and a CPU build came out. */
  get stopped(): boolean {
    return this._plan?.gpu?.stop === true;
  }

  /** The code that an explicit yes would help with; null where none would. */
  get acceptable(): string | null {
    const code = this._problem?.code ?? (this.stopped ? CPU_BUILD : '');
    return ACCEPTABLE.includes(code) && !this._accept.includes(code)
      ? code
      : null;
  }

  /** Whether an explicit yes would help. */
  get canAccept(): boolean {
    return this.acceptable !== null;
  }

  /** Whether a yes was said to what has this code. */
  allows(code: string): boolean {
    return this._accept.includes(code);
  }

  /** Ask for one more thing. */
  add(...items: IPendingItem[]): void {
    this._edit(items.reduce(withItem, [...this._items]));
  }

  /** No longer ask for something. */
  drop(...items: IPendingItem[]): void {
    const places = items.map(placeOf);
    this._edit(this._items.filter(item => !places.includes(placeOf(item))));
  }

  /** What the environment is to become like, where that is asked for; nothing else can be asked for beside it. */
  get like(): (IPendingItem & { source: LikeSource }) | undefined {
    return likenessOf(this._items);
  }

  /** Say whether what the source does not name is to go. */
  prune(prune: boolean): void {
    const { like } = this;
    if (like) {
      this.add({ ...like, prune });
    }
  }

  /** Ask for less than a file does: specs of it, each with the one that is asked for instead. */
  async relax(relaxed: Record<string, string>): Promise<void> {
    const { like } = this;
    if (like?.source.type === 'file' && !this._busy) {
      const source = { ...like.source, relaxed };
      this.add({ ...like, source });
      await this.preview();
    }
  }

  /** Ask for nothing. */
  discard(): void {
    this._plan = null;
    this._edit([]);
  }

  /** Ask the server for the plan. */
  async preview(): Promise<void> {
    if (this._busy || !this._items.length) {
      return;
    }
    const revision = this._revision;
    await this._wait('preview', async () => {
      const change = toChange(this._items, this._accept);
      const plan = await this._inside.preview(change);
      this._plan = this._items.length ? plan : null;
      this._outdated = revision !== this._revision;
    });
  }

  /** Allow what the problem, or the plan, is about, and ask again. */
  async accept(): Promise<void> {
    const { acceptable } = this;
    if (acceptable && !this._busy) {
      this._accept = [...this._accept, acceptable];
      await this.preview();
    }
  }

  /** Take a way out, and ask again. */
  async remedy(
    remedy: GpuRemedy,
    targets: readonly GpuTarget[]
  ): Promise<void> {
    if (!this._busy) {
      this._edit(withRemedy(this._items, remedy, targets));
      await this.preview();
    }
  }

  /** Do exactly what the plan says. */
  async apply(): Promise<void> {
    const plan = this._plan;
    if (!plan || this._outdated || this._busy || this.stopped) {
      return;
    }
    await this._wait('apply', async () => {
      const change = toChange(this._items, this._accept);
      this._job = (await this._inside.change({ ...change, plan: plan.id })).id;
      this._applied = this._job;
      this._plan = null;
    });
    // A quick job has ended before the answer that names it was here.
    const ended = this._ended.get(this._applied ?? '');
    if (this._applied && ended !== undefined) {
      this.finished(this._applied, ended);
    }
  }

  /** Make another generation the current one. */
  async rollback(generation: number): Promise<void> {
    if (!this._busy) {
      await this._wait('rollback', async () => {
        this._job = (await this._inside.rollback(generation)).id;
        this._outdated = this._plan !== null;
      });
    }
  }

  /** Show a job; null shows none. */
  show(job: string | null): void {
    if (job !== this._job) {
      this._job = job;
      this._changed.emit();
    }
  }

  /** Take note of how a job has ended: what it did is no longer asked for, and what it did not is. */
  finished(
    job: string,
    succeeded: boolean,
    error: Problem | null = null
  ): void {
    this._ended.set(job, succeeded);
    if (error?.code === OVERWRITES) {
      // The files of a wheel are known only once it is there: the yes may be needed then.
      this._problem = error;
    }
    if (job === this._applied) {
      if (succeeded) {
        // What was added while the job was at work is still to be done.
        this._items = this.open;
        this._accept = [];
      }
      this._applied = null;
    }
    this._outdated = this._plan !== null;
    this._changed.emit();
  }

  /** Stop telling. */
  dispose(): void {
    Signal.clearData(this);
  }

  private _edit(items: IPendingItem[]): void {
    this._items = items;
    this._revision += 1;
    // A yes is for what it was said to, not for more.
    this._accept = [];
    this._problem = null;
    if (!items.length) {
      this._plan = null;
    }
    this._outdated = this._plan !== null;
    this._changed.emit();
  }

  private async _wait(busy: Waiting, work: () => Promise<void>): Promise<void> {
    this._busy = busy;
    this._problem = null;
    this._job = null;
    if (busy === 'apply') {
      this._sent = this._items;
    }
    this._changed.emit();
    try {
      await work();
    } catch (error) {
      this._problem = toProblem(error);
      if (error instanceof EnvManagerError && error.status === 409) {
        this._outdated = this._plan !== null;
      }
      if (busy === 'preview') {
        this._plan = null;
        this._outdated = false;
      }
    } finally {
      this._busy = null;
      this._changed.emit();
    }
  }

  private _items: readonly IPendingItem[];
  private _sent: readonly IPendingItem[] = [];
  private _accept: string[] = [];
  private _plan: Plan | null = null;
  private _problem: Problem | null = null;
  private _outdated = false;
  private _revision = 0;
  private _busy: Waiting | null = null;
  private _job: string | null = null;
  private _applied: string | null = null;
  private readonly _ended = new Map<string, boolean>();
  private readonly _changed = new Signal<this, void>(this);
}
