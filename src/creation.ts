import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type { NewEnvironment, Plan, Problem } from './_models';
import { EnvManagerError, makeProblem, toProblem } from './api';
import { baseName } from './format';
import { requirementProblem } from './requirements';
import { isRequirement, requirementName, specName, specProblem } from './specs';
import type { IEnvManagerModel } from './tokens';

/** What the form of a new environment holds. */
export interface IFormValues {
  /** The name; used while `prefix` is null. */
  name: string;
  /** The location a name goes to; null is the default one. */
  location: string | null;
  /** The folder, when it was chosen instead of a name. */
  prefix: string | null;
  /** `latest`, `none`, or a series such as `3.12`. */
  python: string;
  /** The match specs. */
  specs: string[];
  /** The requirements that come from PyPI. */
  pypi: string[];
  /** Whether to register a kernel. */
  kernel: boolean;
  /** The kernel's name in the launcher; empty for the environment's name. */
  displayName: string;
  /** The channels; null for the configured ones. */
  channels: string[] | null;
}

/** The form's fields that a problem may be about. */
export type Field =
  'name' | 'location' | 'prefix' | 'specs' | 'pypi' | 'channels' | 'kernel';

const FIELDS: Field[] = [
  'name',
  'location',
  'prefix',
  'specs',
  'pypi',
  'channels',
  'kernel'
];

/** The code of the problem that a plan would overwrite conda packages; it needs an explicit yes. */
const OVERWRITES = 'overwrites_conda';
/** Too much to be said at a field. */
const LONG = [OVERWRITES, 'build_failed'];

/** The form as it opens. */
export const EMPTY_FORM: IFormValues = {
  name: '',
  location: null,
  prefix: null,
  python: 'latest',
  specs: [],
  pypi: [],
  kernel: true,
  displayName: '',
  channels: null
};

/** Whether the server can tell which folder is meant: `/blue/me/x`, `~/x`. */
export function isFullPath(path: string): boolean {
  return /^~?\//.test(path.trim());
}

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
  }

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

  /** Whether an explicit yes would help. */
  get canAccept(): boolean {
    return (
      this._problem?.code === OVERWRITES && !this._accept.includes(OVERWRITES)
    );
  }

  /** The package as typed that the problem is about; null when it names none of them. */
  get faultySpec(): string | null {
    const asked = this.problemOf('specs')?.details?.['spec'];
    if (typeof asked !== 'string') {
      return null;
    }
    const { specs } = this._values;
    // The server may write it with other spaces, or name only the package.
    const compact = (spec: string) => spec.replace(/\s+/g, '');
    return (
      specs.find(spec => compact(spec) === compact(asked)) ??
      specs.find(spec => specName(spec) === specName(asked)) ??
      null
    );
  }

  /** The requirement as typed that the problem is about; null when it names none of them. */
  get faultyRequirement(): string | null {
    const asked = this.problemOf('pypi')?.details?.['package'];
    const plain = (name: string) => name.toLowerCase().replace(/[-_.]+/g, '-');
    return typeof asked === 'string'
      ? (this._values.pypi.find(
          line => plain(requirementName(line)) === plain(asked)
        ) ?? null)
      : null;
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
      pypi: ['specs', 'python']
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
    this._problem = this._check();
    if (this._problem) {
      this._changed.emit();
      return;
    }
    const revision = this._revision;
    await this._wait('preview', async () => {
      this._plan = await this._model.preview(this.request());
      this._outdated = revision !== this._revision;
    });
  }

  /** Allow what the problem is about, and ask again. */
  async accept(): Promise<void> {
    if (this.canAccept) {
      this._accept = [...this._accept, OVERWRITES];
      await this.preview();
    }
  }

  /** Make exactly the environment of the plan. */
  async create(): Promise<void> {
    const plan = this._plan;
    if (!plan || this._outdated || this._busy) {
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
    this._outdated = this._plan !== null;
    this._problem = error?.code === OVERWRITES ? error : null;
    this._changed.emit();
  }

  /** Stop following. */
  dispose(): void {
    Signal.clearData(this);
  }

  /** The form as the server wants it. */
  request(): NewEnvironment {
    const { name, location, prefix, python, specs, pypi, channels } =
      this._values;
    const asked = specs.some(spec => specName(spec) === 'python');
    const first =
      asked || python === 'none'
        ? []
        : [python === 'latest' ? 'python' : `python=${python}`];
    const request: NewEnvironment = {
      source: {
        type: 'specs',
        specs: [...first, ...specs],
        ...(pypi.length && { pypi })
      },
      kernel: this._values.kernel ? { display_name: this.displayName } : null
    };
    if (prefix !== null) {
      request.prefix = prefix.trim();
    } else {
      request.name = name.trim();
      if (location !== null) {
        request.location = location;
      }
    }
    if (channels !== null) {
      request.channels = channels;
    }
    if (this._accept.length) {
      request.accept = this._accept;
    }
    return request;
  }

  /** The kernel's name in the launcher. */
  get displayName(): string {
    return this._values.displayName.trim() || this.defaultDisplayName;
  }

  /** The kernel's name in the launcher when none is given. */
  get defaultDisplayName(): string {
    const { name, prefix } = this._values;
    return prefix === null ? name.trim() : baseName(prefix.trim());
  }

  /** What can be said without the server. */
  private _check(): Problem | null {
    const { name, prefix, specs, pypi, python, channels } = this._values;
    const trans = this._trans;
    if (prefix === null && !name.trim()) {
      return makeProblem(
        'invalid',
        trans.__('Give the environment a name.'),
        '',
        'name'
      );
    }
    if (prefix !== null && !isFullPath(prefix)) {
      return makeProblem(
        'invalid',
        trans.__(
          'Give the full path of the folder, starting with “/” or “~/”.'
        ),
        '',
        'prefix'
      );
    }
    const wrong = specs.map(spec => specProblem(spec, trans)).find(Boolean);
    if (wrong) {
      return makeProblem('invalid', wrong, '', 'specs');
    }
    const odd = pypi.map(line => requirementProblem(line, trans)).find(Boolean);
    if (odd) {
      return makeProblem('invalid', odd, '', 'pypi');
    }
    if (!specs.length && python === 'none') {
      return makeProblem(
        'invalid',
        trans.__('Add a package, or choose a Python version.'),
        '',
        'specs'
      );
    }
    if (channels !== null && !channels.length) {
      return makeProblem(
        'invalid',
        trans.__('Give at least one channel.'),
        '',
        'channels'
      );
    }
    return null;
  }

  /** The field that a problem is shown at; null for one that is about more, or needs more room. */
  private _fieldOf(problem: Problem | null): Field | null {
    const field = problem?.field as Field | null | undefined;
    return field &&
      FIELDS.includes(field) &&
      !LONG.includes(problem?.code ?? '')
      ? field
      : null;
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
  private _accept: string[] = [];
  private _hasValues: boolean;
  private _plan: Plan | null = null;
  private _problem: Problem | null = null;
  private _outdated = false;
  private _revision = 0;
  private _busy: 'preview' | 'create' | null = null;
  private _job: string | null;
  private readonly _changed = new Signal<this, void>(this);
}
