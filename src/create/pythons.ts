import type { Problem } from '../_models';
import { toProblem } from '../api';
import { minorSeries } from '../specs';
import type { IEnvManagerModel } from '../tokens';

/** The versions of Python that the channels have. */
export class PythonVersions {
  /** Read them from this model; `onChange` is called after each answer. */
  constructor(
    private readonly _model: IEnvManagerModel,
    private readonly _onChange: () => void
  ) {}

  /** The series such as `3.12`, newest first. */
  series: string[] = [];
  /** Why they could not be read. */
  problem: Problem | null = null;

  /** Read them. */
  async read(): Promise<void> {
    if (this._reading) {
      return;
    }
    this._reading = true;
    try {
      const { versions } = await this._model.packageInfo('python');
      this.series = minorSeries(versions);
      this.problem = null;
    } catch (error) {
      this.problem = toProblem(error);
    } finally {
      this._reading = false;
    }
    if (!this._isDisposed) {
      this._onChange();
    }
  }

  /** Read them again if they could not be read: what was in the way may be gone. */
  retry(delay = 0): void {
    clearTimeout(this._timer);
    if (this.problem && !this._isDisposed) {
      this._timer = setTimeout(() => void this.read(), delay);
    }
  }

  /** Read no more. */
  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
  }

  private _reading = false;
  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
