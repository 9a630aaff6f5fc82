import { type ISignal, Signal } from '@lumino/signaling';

import type { Problem } from '../_models';
import { EnvManagerError, toProblem } from '../api';
import type { IInside } from '../tokens';

/** The check whether the GPU works in an environment: begun and ended here, followed elsewhere. */
export class GpuProof {
  /**
   * @param _inside - the environment
   * @param _read - reads again what a check changes
   */
  constructor(
    private readonly _inside: Pick<IInside, 'checkGpu' | 'cancelGpuCheck'>,
    private readonly _read: () => Promise<unknown>
  ) {}

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether the server has been asked to begin, or to end, and has not answered. */
  get busy(): boolean {
    return this._busy;
  }

  /** Why the check did not begin, or end. */
  get problem(): Problem | null {
    return this._problem;
  }

  /** Begin. */
  begin(): Promise<void> {
    return this._ask(() => this._inside.checkGpu());
  }

  /** End it before it has found anything. */
  cancel(): Promise<void> {
    return this._ask(async () => {
      try {
        await this._inside.cancelGpuCheck();
      } catch (error) {
        // It has ended by itself in the meantime.
        if (!(error instanceof EnvManagerError) || error.status !== 404) {
          throw error;
        }
      }
    });
  }

  /** Stop telling. */
  dispose(): void {
    Signal.clearData(this);
  }

  private async _ask(work: () => Promise<unknown>): Promise<void> {
    if (this._busy) {
      return;
    }
    this._busy = true;
    this._problem = null;
    this._changed.emit();
    try {
      await work();
    } catch (error) {
      this._problem = toProblem(error);
    }
    await this._read();
    this._busy = false;
    this._changed.emit();
  }

  private _busy = false;
  private _problem: Problem | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
