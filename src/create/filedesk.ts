import type { IEditorServices } from '@jupyterlab/codeeditor';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';

import { toProblem } from '../api';
import { chooseFile } from '../files/filedialog';
import { acceptDrops } from '../files/filedrop';
import type { IFileEditor } from '../files/fileeditor';
import { isArchive, type IFormFile } from '../files/filetext';
import { readUpload, readWorkspaceFile } from '../files/workspacefiles';
import type { IEnvManagerModel } from '../tokens';
import type { Creation } from './creation';
import { isWritten } from './formsource';

/** What this application has to find and to edit files with. */
export interface IFileServices {
  /** Its editors. */
  editors: IEditorServices | null;
  /** Its workspace. */
  documents: IDocumentManager | null;
}

/** The ways by which a file gets into the form. */
export class FileDesk {
  /** Put them into the form of what is being made. */
  constructor(
    private readonly _creation: Creation,
    private readonly _model: Pick<IEnvManagerModel, 'fetchFile' | 'get'>,
    private readonly _services: IFileServices,
    private readonly _trans: TranslationBundle
  ) {}

  /** The application's editors; null where it lends none. */
  get editors(): IEditorServices | null {
    return this._services.editors;
  }

  /** The editor that shows the file; null while none does. */
  editor: IFileEditor | null = null;

  /** Whether the workspace can be looked through. */
  get canBrowse(): boolean {
    return this._services.documents !== null;
  }

  /** Whether the site allows files from some addresses. */
  get canFetch(): boolean {
    return this._addresses.length > 0;
  }

  /** Take files that are dropped onto an element, while the form is shown. */
  acceptDrops(node: HTMLElement): IDisposable {
    return acceptDrops(
      node,
      {
        onFile: file => void this.upload(file),
        onPath: path => void this.open(path),
        isOpen: () => this._creation.job === null
      },
      this._trans.__('Drop it: this form starts from the file')
    );
  }

  /** Start from a file of the user's own machine. */
  upload(file: File): Promise<void> {
    return this._take(() => readUpload(file, this._trans));
  }

  /** Start from a file of the workspace. */
  async open(path: string): Promise<void> {
    const contents = this._services.documents?.services.contents;
    if (!contents) {
      return;
    }
    if (isArchive(path)) {
      this._creation.setArchive(contents.localPath(path));
      return;
    }
    await this._take(() => readWorkspaceFile(contents, path, this._trans));
  }

  /** Let the user choose a file of the workspace. */
  async browse(archives = false): Promise<void> {
    const { documents } = this._services;
    const path =
      documents &&
      (await chooseFile(
        documents,
        archives
          ? this._trans.__('Archive of a packed environment')
          : this._trans.__('File that names packages'),
        archives ? isArchive : () => true,
        this._trans
      ));
    if (path) {
      await this.open(path);
    }
  }

  /** Ask for an address, and fetch the file from it. */
  async fetch(): Promise<void> {
    const { fetchFrom } = await import('../files/addressdialog');
    const file = await fetchFrom({
      allowed: this._addresses,
      fetch: url => this._model.fetchFile(url),
      trans: this._trans
    });
    if (file) {
      const { content, filename } = file;
      await this._put({ text: content, filename: filename ?? '' });
    }
  }

  private get _addresses(): string[] {
    return this._model.get('status').data?.policy?.file_urls ?? [];
  }

  private async _take(read: () => Promise<IFormFile>): Promise<void> {
    try {
      await this._put(await read());
    } catch (error) {
      this._creation.refuse(toProblem(error));
    }
  }

  /** Put a file into the form; what somebody has written there goes only when they agree. */
  private async _put(file: IFormFile): Promise<void> {
    const { values } = this._creation;
    if (isWritten(values) && file.text !== values.file?.text) {
      const { confirmReplacement } = await import('../widgets/dialogs');
      if (!(await confirmReplacement(file.filename, this._trans))) {
        return;
      }
    }
    this._creation.setFile(file);
  }
}
