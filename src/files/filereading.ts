import type { TranslationBundle } from '@jupyterlab/translation';

import type { FileContent, Problem } from '../_models';
import { makeProblem, toProblem } from '../api';
import type { IEnvManagerModel } from '../tokens';
import type { IFormFile } from './filetext';

/** What the server says of a file while it is typed; an answer that a newer question has overtaken is dropped. */
export class FileReading {
  /** Ask this model; `onAnswer` is called after each answer. */
  constructor(
    private readonly _model: Pick<IEnvManagerModel, 'readFile'>,
    private readonly _onAnswer: () => void
  ) {}

  /** The last answer; while typing goes on, it may be that for an older text. */
  content: FileContent | null = null;
  /** Why there is no answer. */
  problem: Problem | null = null;

  /** Whether an answer is waited for. */
  get busy(): boolean {
    return this._file !== null || this._asked !== null;
  }

  /** Why nothing can be made of it; null where something can, as far as is known. */
  unusable(trans: TranslationBundle): Problem | null {
    return this.content?.usable === false
      ? makeProblem(
          'invalid',
          trans.__('Nothing can be made of this file yet.'),
          trans.__('What is wrong with it is listed above.'),
          'file'
        )
      : null;
  }

  /** Read a file, once nothing newer has come for so long; null forgets what was read. */
  read(file: IFormFile | null, delay = 0): void {
    this._stop();
    if (!file?.text.trim()) {
      this.content = null;
      this.problem = null;
      return;
    }
    this._file = file;
    this._timer = setTimeout(() => void this.settle(), delay);
  }

  /** Wait for the answer that is on its way; what waits for its turn is read at once. */
  async settle(): Promise<void> {
    if (this._file !== null) {
      const file = this._file;
      this._stop();
      this._asked = this._ask(file);
    }
    await this._asked;
  }

  /** Read no more. */
  dispose(): void {
    this._stop();
  }

  private async _ask({ text, filename }: IFormFile): Promise<void> {
    const aborter = new AbortController();
    const { signal } = aborter;
    this._aborter = aborter;
    let content = this.content;
    let problem: Problem | null = null;
    try {
      content = await this._model.readFile(
        { content: text, ...(filename && { filename }) },
        signal
      );
    } catch (error) {
      content = null;
      problem = toProblem(error);
    }
    if (!signal.aborted) {
      this._asked = null;
      this.content = content;
      this.problem = problem;
      this._onAnswer();
    }
  }

  private _stop(): void {
    clearTimeout(this._timer);
    this._aborter?.abort();
    this._file = null;
    this._asked = null;
  }

  private _file: IFormFile | null = null;
  private _asked: Promise<void> | null = null;
  private _aborter: AbortController | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
