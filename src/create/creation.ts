import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type {
  EnvironmentTemplate,
  GpuRemedy,
  NewEnvironment,
  Plan,
  Problem
} from '../_models';
import { EnvManagerError, toProblem } from '../api';
import { FileReading } from '../files/filereading';
import type { IFormFile } from '../files/filetext';
import { gpuProblem } from '../gpu/gputyped';
import { relevant } from '../plan/relaxing';
import { isRequirement, requirementName, specName } from '../specs';
import type { IEnvManagerModel } from '../tokens';
import {
  faultyEntry,
  type Field,
  fieldOf,
  touches,
  YES,
  type Yes
} from './formfields';
import { remedied } from './formremedy';
import { archiveName, namesPackages } from './formsource';
import {
  EMPTY_FORM,
  formProblem,
  type IFormValues,
  toRequest
} from './formvalues';
import { cloneName, proposal, withFile, withText } from './proposal';
import { fillingOf, isUntouched, refilled, same, Templates } from './templates';

/** While typing goes on, it is not read. */
const TYPING = 400;

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
    this.reading = new FileReading(_model, () => this._onFile());
    if (job === null) {
      this.readStart();
    }
  }

  /** What the server says of the file to start from. */
  readonly reading: FileReading;

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
    return fieldOf(this._problem, this._values) === field
      ? this._problem
      : null;
  }

  /** The problem that is not about one field. */
  get problem(): Problem | null {
    return fieldOf(this._problem, this._values) ? null : this._problem;
  }

  /** Whether there is something to put right in the form first. */
  get isFaulty(): boolean {
    return fieldOf(this._problem, this._values) !== null;
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
    return faultyEntry(this._problem, this._values, 'specs', 'spec', specName);
  }

  /** The requirement as typed that the problem is about; null when it names none of them. */
  get faultyRequirement(): string | null {
    return faultyEntry(
      this._problem,
      this._values,
      'pypi',
      'package',
      requirementName
    );
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

  /** Start from something else. */
  setStart(start: IFormValues['start']): void {
    this.edit({
      start,
      ...(start !== 'template' && {
        template: null,
        ...refilled(this._values, null)
      })
    });
    this.readStart();
  }

  /** Start from a file. */
  setFile(file: IFormFile): void {
    this._readFile(withFile(this._values, file), 0);
  }

  /** Change the text of the file. */
  typeFile(text: string): void {
    this._readFile(withText(this._values, text), TYPING);
  }

  /** Start from the archive of a packed environment. */
  setArchive(archive: string): void {
    this.edit({ start: 'archive', archive });
    this.propose(archiveName(archive), true);
  }

  /** Start from another environment. */
  setClone(id: string): void {
    this.edit({ start: 'clone', clone: id });
    const name = this._model.environment(id)?.name;
    this.propose(name ? cloneName(name) : '', true);
  }

  /** Name it so, unless the user has; with a number where that is in use and a free one is wanted. */
  propose(name: string, free = false): void {
    const taken = free ? this._model.get('environments').data : null;
    const change = proposal(this._values, name, taken);
    if (change) {
      this.edit(change);
    }
  }

  /** Say why a file is not taken. */
  refuse(problem: Problem): void {
    this._problem = {
      ...problem,
      field: namesPackages(this._values) ? null : this._values.start
    };
    this._changed.emit();
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

  /** Read what the form starts from. */
  readStart(): void {
    const { start, file } = this._values;
    this.readTemplates();
    if (start === 'file') {
      this.reading.read(file);
    } else if (start === 'clone' && !this._model.get('environments').data) {
      void this._model.refresh('environments');
    }
  }

  /** Ask for less than the file does, for these specs, and ask again. */
  async relax(relaxed: Record<string, string>): Promise<void> {
    if (!this._busy) {
      this.edit({ relaxed });
      await this.preview();
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
    const field = this._problem?.field;
    if ('start' in change || (field && touches(field, change))) {
      this._problem = null;
    }
    this._revision += 1;
    this._changed.emit();
  }

  /** Ask the server for the plan. */
  async preview(): Promise<void> {
    if (this._values.start === 'file') {
      // Its name may come with it.
      await this.reading.settle();
    }
    if (this._busy) {
      return;
    }
    this._problem =
      formProblem(this._values, this._trans) ??
      (this._values.start === 'file'
        ? this.reading.unusable(this._trans)
        : null);
    if (this._problem) {
      return this._changed.emit();
    }
    await this._wait('preview', async () => {
      if (this.templates.settled) {
        // The packages are those of the template for this target.
        await this.templates.settled;
      }
      this.templates.check(this._values, this._trans);
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
    this.readStart();
    this._outdated = this._plan !== null;
    this._problem = YES.some(yes => yes === error?.code) ? error : null;
    this._changed.emit();
  }

  /** Stop following. */
  dispose(): void {
    this.templates.dispose();
    this.reading.dispose();
    Signal.clearData(this);
  }

  /** The form as the server wants it. */
  request(): NewEnvironment {
    return toRequest(this._values, this._accept);
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

  /** Take what the file says of itself. */
  private _onFile(): void {
    const { content } = this.reading;
    const relaxed = content && relevant(this._values.relaxed, content);
    if (relaxed && !same(relaxed, this._values.relaxed)) {
      this.edit({ relaxed });
    }
    this.propose(content?.name ?? '');
    this._changed.emit();
  }

  private _readFile(change: Partial<IFormValues>, delay: number): void {
    this.edit(change);
    this.reading.read(this._values.file, delay);
    this._changed.emit();
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
