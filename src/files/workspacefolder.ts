import { PathExt } from '@jupyterlab/coreutils';
import { type Contents, ServerConnection } from '@jupyterlab/services';

/** What is needed of Jupyter's files. */
export type Files = Pick<Contents.IManager, 'get' | 'save' | 'localPath'>;

/** A folder of the workspace that texts are saved in. */
export class WorkspaceFolder {
  /**
   * @param _files - Jupyter's files
   * @param _path - the folder, with its drive; empty for the top
   */
  constructor(
    private readonly _files: Files,
    private readonly _path: string
  ) {}

  /** The folder as users know it; empty for the top. */
  get name(): string {
    return this._files.localPath(this._path);
  }

  /** A path as users know it, without its drive. */
  localPath(path: string): string {
    return this._files.localPath(path);
  }

  /** Whether a name is taken. */
  async has(name: string): Promise<boolean> {
    try {
      await this._files.get(this._at(name), { content: false });
      return true;
    } catch (error) {
      if (
        error instanceof ServerConnection.ResponseError &&
        error.response.status === 404
      ) {
        return false;
      }
      throw error;
    }
  }

  /** The first numbered name that is not taken. */
  async freeName(name: string): Promise<string> {
    for (let number = 1; ; number++) {
      const proposal = numbered(name, number);
      if (!(await this.has(proposal))) {
        return proposal;
      }
    }
  }

  /** Write a text, over what has the name; gives the path, with its drive. */
  async save(name: string, content: string): Promise<string> {
    const path = this._at(name);
    await this._files.save(path, { type: 'file', format: 'text', content });
    return path;
  }

  private _at(name: string): string {
    return PathExt.join(this._path, name);
  }
}

/** A file's name with a number, before what tools know its format by. */
export function numbered(name: string, number: number): string {
  // micromamba takes only names that end with “-lock.yml” for locks: https://github.com/mamba-org/mamba
  return name.replace(/((?:-conda-lock)?\.[^.]+)?$/, `-${number}$1`);
}
