import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type {
  EnvironmentTemplate,
  GpuRemedy,
  NewEnvironment,
  Plan,
  Problem
} from './_models';
import { EnvManagerError, toProblem } from './api';
import { matching, remedied } from './formremedy';
import {
  defaultDisplayName,
  EMPTY_FORM,
  formProblem,
  type IFormValues,
  toRequest
} from './formvalues';
import { gpuProblem } from './gputyped';
import { remediesOf } from './remedies';
import { isRequirement, requirementName, specName } from './specs';
import { fillingOf, isUntouched, refilled, same, Templates } from './templates';
import type { IEnvManagerModel } from './tokens';

/** The form's fields that a problem may be about. */
export type Field =
  | 'name'
  | 'location'
  | 'prefix'
  | 'template'
  | 'specs'
  | 'pypi'
  | 'gpu'
  | 'channels'
  | 'kernel';

const FIELDS: Field[] = [
  'name',
  'location',
  'prefix',
  'template',
  'specs',
  'pypi',
  'gpu',
  'channels',
  'kernel'
];

/** What needs an explicit yes: conda packages would be overwritten; a GPU was wanted and a CPU build came out. */
export type Yes = 'overwrites_conda' | 'cpu_build';

const YES: Yes[] = ['overwrites_conda', 'cpu_build'];
/** Too much to be said at a field. */
const LONG = [...YES, 'build_failed'];

/** One attempt to make an environment: what was typed, the plan for it, the job that came of it. */
export class Creation {
  /** Start with these values, or with a job that was started before. */
  constructor(
    private readonly _model: IEnvManagerModel,
    private readonly _trans: TranslationBundle,
    values: Partial<IFormValues> = {},
    job: string | null = null
  ) {
    this._values = { ...EMPTY_FORM, ...values };
    this._hasValues = Object.keys(values).length > 0;
    this._job = job;
    this.templates = new Templates(_model, () => this._onTemplates());
    if (job === null) {
      this.readTemplates();
    }
  }

  /** The templates that there are to start from; read when they are wanted. */
  readonly templates: Templates;

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the form holds. */
  get values(): Readonly<IFormValues> {
    return this._values;
  }

  /** The plan of the last preview. */
  get plan(): Plan | null {
    return this._plan;
  }

  /** Whether the form has changed since the plan was made. */
  get outdated(): boolean {
    return this._outdated;
  }

  /** What the page waits for. */
  get busy(): 'preview' | 'create' | null {
    return this._busy;
  }

  /** The id of the job; null while the form is shown. */
  get job(): string | null {
    return this._job;
  }

  /** Whether *Edit and try again* has something to go back to. */
  get canEdit(): boolean {
    return this._hasValues;
  }

  /** The problem of a field, if it has one. */
  problemOf(field: Field): Problem | null {
    return this._fieldOf(this._problem) === field ? this._problem : null;
  }

  /** The problem that is not about one field. */
  get problem(): Problem | null {
    return this._fieldOf(this._problem) ? null : this._problem;
  }

  /** What an explicit yes would help against; null where none would. */
  get question(): Yes | null {
    const stopped = !this._problem && this._plan?.gpu?.stop;
    const code = stopped ? 'cpu_build' : this._problem?.code;
    return YES.find(yes => yes === code && !this.allows(yes)) ?? null;
  }

  /** Whether an explicit yes was said. */
  allows(yes: Yes): boolean {
    return this._accept.includes(yes);
  }

  /** Whether the plan is one that can be carried out. */
  get ready(): boolean {
    return this._plan !== null && !this._outdated && !this._plan.gpu?.stop;
  }

  /** The package as typed that the problem is about; null when it names none of them. */
  get faultySpec(): string | null {
    return this._faulty('specs', 'spec', specName);
  }

  /** The requirement as typed that the problem is about; null when it names none of them. */
  get faultyRequirement(): string | null {
    return this._faulty('pypi', 'package', requirementName);
  }

  /** Set the packages; what only PyPI understands goes there. */
  setSpecs(specs: string[]): void {
    const requirements = specs.filter(isRequirement);
    if (requirements.length) {
      this.addPypi(...requirements);
    }
    this.edit({ specs: specs.filter(spec => !isRequirement(spec)) });
  }

  /** Ask for more from PyPI. */
  addPypi(...requirements: string[]): void {
    this.edit({ pypi: [...new Set([...this._values.pypi, ...requirements])] });
  }

  /** Start from packages alone, or from a template as well. */
  setStart(start: IFormValues['start']): void {
    this.edit({
      start,
      ...(start === 'packages' && {
        template: null,
        ...refilled(this._values, null)
      })
    });
    this.readTemplates();
  }

  /** Start from a template: what an earlier one has put in makes room for it. */
  setTemplate(template: EnvironmentTemplate): void {
    const filling = fillingOf(template);
    this.edit({
      template: template.name,
      ...refilled(this._values, filling)
    });
  }

  /** Make it for another GPU target; a template that nobody has edited adapts to it. */
  setGpu(gpu: string | null): void {
    this.edit({ gpu });
    this.readTemplates();
  }

  /** Read the templates, if the form starts from one. */
  readTemplates(): void {
    const { start, gpu } = this._values;
    if (start === 'template' && !gpuProblem(gpu, this._trans)) {
      this.templates.read(gpu);
    }
  }

  /** Change the form as a way out of a problem says, and ask again. */
  async remedy(remedy: GpuRemedy): Promise<void> {
    if (!this._busy) {
      this.edit(remedied(this._values, remedy));
      this.readTemplates();
      await this.preview();
    }
  }

  /** Change the form; a plan made before is outdated then. */
  edit(change: Partial<IFormValues>): void {
    this._values = { ...this._values, ...change };
    this._hasValues = true;
    this._outdated = this._plan !== null;
    // A yes is for what it was said to, not for more.
    this._accept = [];
    const related: Record<string, (keyof IFormValues)[]> = {
      kernel: ['displayName'],
      // Some of what PyPI's packages lack is conda's to bring.
      pypi: ['specs', 'python'],
      template: ['start', 'specs', 'pypi'],
      gpu: ['specs', 'pypi', 'python', 'channels']
    };
    const field = this._problem?.field;
    if (
      field &&
      [field, ...(related[field] ?? [])].some(name => name in change)
    ) {
      this._problem = null;
    }
    this._revision += 1;
    this._changed.emit();
  }

  /** Ask the server for the plan. */
  async preview(): Promise<void> {
    if (this._busy) {
      return;
    }
    this._problem = formProblem(this._values, this._trans);
    if (this._problem) {
      this._changed.emit();
      return;
    }
    await this._wait('preview', async () => {
      if (this.templates.settled) {
        // The packages are those of the template for this target.
        await this.templates.settled;
      }
      const revision = this._revision;
      this._plan = await this._model.preview(this.request());
      this._outdated = revision !== this._revision;
    });
  }

  /** Allow what the problem is about, and ask again. */
  async accept(): Promise<void> {
    const { question } = this;
    if (question && !this._busy) {
      this._accept = [...this._accept, question];
      await this.preview();
    }
  }

  /** Make exactly the environment of the plan. */
  async create(): Promise<void> {
    const plan = this._plan;
    if (!plan || !this.ready || this._busy) {
      return;
    }
    await this._wait('create', async () => {
      const job = await this._model.create({
        ...this.request(),
        plan: plan.id
      });
      this._job = job.id;
    });
  }

  /** Go back from a job to the form, with its values; what a yes may help against is shown again. */
  editAgain(error: Problem | null = null): void {
    this._job = null;
    this.readTemplates();
    this._outdated = this._plan !== null;
    this._problem = YES.some(yes => yes === error?.code) ? error : null;
    this._changed.emit();
  }

  /** Stop following. */
  dispose(): void {
    this.templates.dispose();
    Signal.clearData(this);
  }

  /** The form as the server wants it. */
  request(): NewEnvironment {
    return toRequest(this._values, this._accept);
  }

  /** The kernel's name in the launcher when none is given. */
  get defaultDisplayName(): string {
    return defaultDisplayName(this._values);
  }

  /** The field that a problem is shown at; null for one that is about more, or needs more room. */
  private _fieldOf(problem: Problem | null): Field | null {
    const field = FIELDS.find(name => name === problem?.field);
    return problem &&
      !LONG.includes(problem.code) &&
      !remediesOf(problem).length
      ? (field ?? null)
      : null;
  }

  private _faulty(
    field: 'specs' | 'pypi',
    key: string,
    nameOf: (entry: string) => string
  ): string | null {
    const problem = this._problem?.field === field ? this._problem : null;
    const asked = problem?.details?.[key];
    return typeof asked === 'string'
      ? matching(this._values[field], asked, nameOf)
      : null;
  }

  /** Put in what the template is for another target, unless somebody has edited what it was. */
  private _onTemplates(): void {
    const { template, filled } = this._values;
    const found = this.templates.list?.find(({ name }) => name === template);
    const fresh =
      found !== undefined &&
      isUntouched(this._values) &&
      !same(fillingOf(found), filled);
    if (fresh) {
      this.setTemplate(found);
    } else {
      this._changed.emit();
    }
  }

  private async _wait(
    busy: 'preview' | 'create',
    work: () => Promise<void>
  ): Promise<void> {
    this._busy = busy;
    this._problem = null;
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

  private _values: IFormValues;
  private _accept: Yes[] = [];
  private _hasValues: boolean;
  private _plan: Plan | null = null;
  private _problem: Problem | null = null;
  private _outdated = false;
  private _revision = 0;
  private _busy: 'preview' | 'create' | null = null;
  private _job: string | null;
  private readonly _changed = new Signal<this, void>(this);
}
