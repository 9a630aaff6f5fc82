import { type ISignal, Signal } from '@lumino/signaling';

import type {
  Environment,
  GpuRemedy,
  Job,
  KernelProblem,
  NotebookImport,
  Plan,
  Problem
} from '../_models';
import { EnvManagerError, toProblem } from '../api';
import { Alteration } from '../environment/alteration';
import { canRemedy } from '../kernels/kernelproblems';
import { installItem, type IPendingItem } from '../plan/pending';
import type { IEnvManagerModel } from '../tokens';
import { graveProblem } from './notebookstate';

/**
 * Where an install stands: the package is looked up; it is offered; it is not found; it is there already; the
 * environment cannot be changed; the kernel runs in another environment than its own; the plan is made, shown, applied; the job has failed; all is done; the kernel must be
 * restarted before the change is seen.
 */
export type FlowStep =
  | 'looking'
  | 'offer'
  | 'absent'
  | 'present'
  | 'closed'
  | 'elsewhere'
  | 'planning'
  | 'plan'
  | 'working'
  | 'failed'
  | 'done'
  | 'restart';

/** What an install needs to know. */
export interface IFlowOptions {
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** The name of the kernel whose environment is to have the packages. */
  kernel: string;
  /** The imported module that is missing; without it, `items` says what to install. */
  module?: string;
  /** What to install, where it is known. */
  items?: IPendingItem[];
  /** What is said before the offer, where it is not that a module is missing. */
  lead?: string;
  /** The path of the notebook, for modules beside it. */
  path?: string;
  /** Whether the kernel holds nothing that a restart would lose: it is started anew without asking then. */
  idle?: boolean;
  /** Called once all is installed: run the cell again, after a restart of the kernel where `restart` says so. */
  run: (restart: boolean) => Promise<void>;
  /** Writes the kernel anew for its environment and uses it; without it, that is not offered. */
  register?: () => Promise<void>;
  /** Whether a restart has been tried already, and the module is still missing. */
  restarted?: boolean;
}

/** From a module that is missing to a cell that has run: lookup, preview, apply, run again. */
export class InstallFlow {
  /** Nothing happens before `start`. */
  constructor(private readonly _options: IFlowOptions) {
    const { model, items = [] } = _options;
    this._items = items;
    model.stateChanged.connect(this._onModel, this);
    model.jobFinished.connect(this._onFinished, this);
  }

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Where it stands. */
  get step(): FlowStep {
    return this._step;
  }

  /** The imported module that is missing; empty where packages were named. */
  get module(): string {
    return this._options.module ?? '';
  }

  /** What is said before the offer, where it is not that a module is missing. */
  get lead(): string {
    return this._options.lead ?? '';
  }

  /** What is to be installed. */
  get items(): readonly IPendingItem[] {
    return this._items;
  }

  /** Why nothing was found, as the server says it. */
  get reason(): string {
    return this._reason;
  }

  /** The environment of the kernel; undefined when there is none that we know. */
  get environment(): Environment | undefined {
    const { model, kernel } = this._options;
    return model.environment(model.kernel(kernel)?.environment ?? '');
  }

  /** That the kernel runs in another environment than its own: what is installed there does not reach it. */
  get elsewhere(): KernelProblem | null {
    const { model, kernel } = this._options;
    const problem = graveProblem(model.kernel(kernel));
    return problem?.code === 'wrong_python' ? problem : null;
  }

  /** Whether the kernel can be written anew for its environment. */
  get canRegister(): boolean {
    const { model, kernel, register } = this._options;
    const known = model.kernel(kernel);
    const problem = this.elsewhere;
    return Boolean(register && known && problem && canRemedy(known, problem));
  }

  /** Whether a restart may help that has not been tried. */
  get mayRestart(): boolean {
    return !this._options.restarted;
  }

  /** What would be done, or what was done. */
  get plan(): Plan | null {
    return this._plan;
  }

  /** Whether an explicit yes to the problem would help. */
  get canAccept(): boolean {
    return this._alteration?.canAccept ?? false;
  }

  /** What went wrong last. */
  get problem(): Problem | null {
    return this._problem ?? this._alteration?.problem ?? null;
  }

  /** The job that installs. */
  get job(): Job | undefined {
    const id = this._alteration?.job ?? '';
    return this._options.model.job(id) ?? this._ended.get(id);
  }

  /** Whether it has gone further than an offer; it is not replaced by another one then. */
  get isUnderWay(): boolean {
    return ['planning', 'plan', 'working', 'failed'].includes(this._step);
  }

  /** Whether it is installing into this environment. */
  worksOn(environment: string): boolean {
    return this._step === 'working' && this.environment?.id === environment;
  }

  /** Look up what to install, unless it is known. */
  async start(): Promise<void> {
    this._go('looking');
    try {
      await this._readEnvironment();
      const { environment } = this;
      if (this.elsewhere) {
        this._go('elsewhere');
      } else if (!environment || environment.unchangeable) {
        this._go('closed');
      } else if (this._items.length) {
        this._go('offer');
      } else {
        await this._look(environment.id);
      }
    } catch (error) {
      this._fail(toProblem(error));
    }
  }

  /** Ask for the plan. */
  async preview(): Promise<void> {
    const { environment } = this;
    if (!environment) {
      return this._go('closed');
    }
    this._alteration?.dispose();
    const inside = this._options.model.inside(environment.id);
    this._alteration = new Alteration(inside, [...this._items]);
    await this._planned(alteration => alteration.preview());
  }

  /** Allow what the problem is about, and ask again. */
  async accept(): Promise<void> {
    await this._planned(alteration => alteration.accept());
  }

  /** Take a way out of what the problem, or the plan, is about, and ask again. */
  async remedy(remedy: GpuRemedy): Promise<void> {
    const targets = this._options.model.get('gpus').data?.targets ?? [];
    await this._planned(alteration => alteration.remedy(remedy, targets));
  }

  /** Do exactly what the plan says. */
  async apply(): Promise<void> {
    const alteration = this._alteration;
    if (!alteration || this._step !== 'plan') {
      return;
    }
    this._go('working');
    await alteration.apply();
    const ended = this._ended.get(alteration.job ?? '');
    if (alteration.problem) {
      this._go('offer');
    } else if (ended) {
      // A quick job has ended before the answer that names it was here.
      this._conclude(ended);
    } else {
      this._changed.emit();
    }
  }

  /** Cancel the job. */
  async cancel(): Promise<void> {
    const { job } = this;
    if (job) {
      await this._options.model
        .cancel(job.id)
        .catch(error => this._fail(toProblem(error)));
    }
  }

  /** Back to the offer: do not apply the plan. */
  back(): void {
    this._alteration?.dispose();
    this._alteration = null;
    this._plan = null;
    this._go('offer');
  }

  /** Try again what has failed. */
  async retry(): Promise<void> {
    if (this._step === 'done' || this._step === 'restart') {
      await this._run(this._step === 'restart');
    } else {
      await (this.environment && this._items.length
        ? this.preview()
        : this.start());
    }
  }

  /** Run the cell again, after a restart of the kernel. */
  async restart(): Promise<void> {
    await this._run(true);
  }

  /** Write the kernel anew for its environment, and use it. */
  async register(): Promise<void> {
    this._problem = null;
    try {
      await this._options.register?.();
    } catch (error) {
      this._fail(toProblem(error));
    }
  }

  /** What was installed is not seen by the kernel as it runs. */
  needsRestart(): void {
    this._go('restart');
  }

  /** Stop following. */
  dispose(): void {
    const { model } = this._options;
    model.stateChanged.disconnect(this._onModel, this);
    model.jobFinished.disconnect(this._onFinished, this);
    this._alteration?.dispose();
    Signal.clearData(this);
  }

  /** Kernel and environment may not have been read yet: the panel was never opened. */
  private async _readEnvironment(): Promise<void> {
    const { model } = this._options;
    // A kernel may have changed since; what is said of its environment is of the last event.
    await (this.environment
      ? model.refresh('kernels')
      : model.refresh('kernels', 'environments'));
    const problem =
      model.get('kernels').problem ?? model.get('environments').problem;
    if (!this.environment && problem) {
      throw new EnvManagerError(problem, 0);
    }
  }

  private async _look(environment: string): Promise<void> {
    const { model, path } = this._options;
    const { imports, problems } = await model.notebookImports({
      cells: [`import ${this.module}`],
      path,
      environment
    });
    const found = matching(imports, this.module);
    this._reason = found?.reason ?? '';
    if (found?.installed) {
      this._go('present');
    } else if (found?.spec) {
      this._items = [installItem(found.spec, found.manager === 'pypi')];
      this._go('offer');
    } else if (problems.length) {
      // Not found, because somebody did not answer.
      this._fail(problems[0]);
    } else {
      this._go('absent');
    }
  }

  private async _planned(
    work: (alteration: Alteration) => Promise<void>
  ): Promise<void> {
    const alteration = this._alteration;
    if (!alteration) {
      return;
    }
    this._go('planning');
    await work(alteration);
    if (this._alteration !== alteration) {
      return;
    }
    this._plan = alteration.plan;
    this._go(alteration.plan ? 'plan' : 'offer');
  }

  private _onModel(): void {
    if (this._step !== 'looking') {
      this._changed.emit();
    }
  }

  private _onFinished(_: IEnvManagerModel, job: Job): void {
    this._ended.set(job.id, job);
    const mine = this._alteration?.job === job.id;
    this._alteration?.finished(job.id, job.state === 'succeeded', job.error);
    if (mine && this._step === 'working') {
      this._conclude(job);
    }
  }

  private _conclude(job: Job): void {
    if (job.state !== 'succeeded') {
      this._go('failed');
      return;
    }
    const idle = this._options.idle ?? false;
    if (changesInstalled(this._plan) && !idle) {
      this._go('restart');
    } else {
      this._go('done');
      void this._run(idle);
    }
  }

  private async _run(restart: boolean): Promise<void> {
    this._problem = null;
    try {
      await this._options.run(restart);
    } catch (error) {
      this._fail(toProblem(error));
    }
  }

  private _fail(problem: Problem): void {
    this._problem = problem;
    this._step = this._step === 'looking' ? 'absent' : this._step;
    this._changed.emit();
  }

  private _go(step: FlowStep): void {
    this._problem = null;
    this._step = step;
    this._changed.emit();
  }

  private _step: FlowStep = 'looking';
  private _items: IPendingItem[];
  private _reason = '';
  private _plan: Plan | null = null;
  private _problem: Problem | null = null;
  private _alteration: Alteration | null = null;
  private readonly _ended = new Map<string, Job>();
  private readonly _changed = new Signal<this, void>(this);
}

/** Whether a plan does more than to add packages: a running kernel may have loaded what it takes away. */
export function changesInstalled(plan: Plan | null): boolean {
  return plan?.actions.some(({ op }) => op !== 'install') ?? false;
}

/** The answer for a module: the server may name the package that it is a part of. */
function matching(
  imports: readonly NotebookImport[],
  module: string
): NotebookImport | undefined {
  return (
    imports.find(one => one.module === module) ??
    imports.find(one => module.startsWith(`${one.module}.`)) ??
    imports[0]
  );
}
