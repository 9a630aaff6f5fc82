import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type { Export, Problem } from '../_models';
import { makeProblem, toProblem } from '../api';
import type { WorkspaceFolder } from '../files/workspacefolder';
import type { IResource } from '../tokens';
import type { ExportFormat } from './exportformats';

/** What has become of a file. */
export type Outcome =
  | { readonly kind: 'copied' }
  | { readonly kind: 'saved'; readonly path: string }
  | {
      /** The folder has one of this name: the user is to say what to do. */
      readonly kind: 'taken';
      readonly file: Export;
      /** A name that is not taken. */
      readonly free: string;
    }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** What exporting needs. */
export interface IExportingOptions {
  /** Writes the environment in a format. */
  read: (format: ExportFormat) => Promise<Export>;
  /** The format to begin with; by default the one that most tools read. */
  format?: ExportFormat;
  /** Where files are saved. */
  folder: Pick<WorkspaceFolder, 'has' | 'freeName' | 'save'>;
  /** Translates. */
  trans: TranslationBundle;
}

/** An environment that is being exported: the chosen format, the file, and what has become of it. */
export class Exporting {
  /** Begin to read. */
  constructor(private readonly _options: IExportingOptions) {
    void this.choose(_options.format ?? 'environment.yml');
  }

  /** Emitted when anything below has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The chosen format. */
  get format(): ExportFormat {
    return this._format;
  }

  /** The file in that format. */
  get file(): IResource<Export> {
    return {
      data: this._files.get(this._format) ?? null,
      problem: this._problem,
      loading: this._reading.has(this._format)
    };
  }

  /** What has become of the file; null as long as nothing has. */
  get outcome(): Outcome | null {
    return this._outcome;
  }

  /** Whether a file is being saved. */
  get saving(): boolean {
    return this._saving;
  }

  /** Choose a format, or try the one again that failed. */
  async choose(format: ExportFormat): Promise<void> {
    this._format = format;
    this._outcome = null;
    this._problem = null;
    if (this._files.has(format) || this._reading.has(format)) {
      this._changed.emit();
      return;
    }
    this._reading.add(format);
    this._changed.emit();
    try {
      this._files.set(format, await this._options.read(format));
    } catch (error) {
      if (format === this._format) {
        this._problem = toProblem(error);
      }
    }
    this._reading.delete(format);
    this._changed.emit();
  }

  /** Say that the file is in the clipboard. */
  copied(): void {
    this._settle({ kind: 'copied' });
  }

  /** Save a file; under the name of another one only where that is agreed to. */
  async save(
    file: Export,
    name = file.filename,
    replace = false
  ): Promise<void> {
    if (this._saving) {
      return;
    }
    this._saving = true;
    this._settle(null);
    const outcome = await this._save(file, name, replace);
    this._saving = false;
    this._settle(outcome);
  }

  private async _save(
    file: Export,
    name: string,
    replace: boolean
  ): Promise<Outcome> {
    const { folder, trans } = this._options;
    try {
      if (!replace && (await folder.has(name))) {
        const free = await folder.freeName(file.filename);
        return { kind: 'taken', file, free };
      }
      return { kind: 'saved', path: await folder.save(name, file.content) };
    } catch (error) {
      const { message } = toProblem(error);
      const problem = makeProblem(
        'save',
        trans.__('%1 cannot be saved: %2', name, message),
        trans.__(
          'Go to a folder that you may write to in the file browser, or download the file.'
        )
      );
      return { kind: 'failed', problem };
    }
  }

  private _settle(outcome: Outcome | null): void {
    this._outcome = outcome;
    this._changed.emit();
  }

  private _format: ExportFormat = 'environment.yml';
  private _problem: Problem | null = null;
  private _outcome: Outcome | null = null;
  private _saving = false;
  private readonly _files = new Map<ExportFormat, Export>();
  private readonly _reading = new Set<ExportFormat>();
  private readonly _changed = new Signal<this, void>(this);
}
