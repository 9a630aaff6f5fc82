import { type ISessionContext, SessionContext } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import { type ISignal, Signal } from '@lumino/signaling';

import { kernelName } from './notebookstate';
import { type IOrigin, readOrigin } from './origin';

/** The document of a notebook, as far as it is watched. */
export type WatchedContext = Pick<
  DocumentRegistry.IContext<INotebookModel>,
  'model' | 'sessionContext' | 'isReady' | 'ready' | 'isDisposed' | 'disposed'
>;

/**
 * Knows where a notebook was made until the user has chosen a kernel for it.
 *
 * JupyterLab writes the kernel it starts into the notebook, also one that it has taken because the right one is not
 * there: what the file says is read before that.
 */
export class OriginWatch {
  /** Watch a notebook. */
  constructor(private readonly _context: WatchedContext) {
    const { sessionContext, ready, disposed } = _context;
    sessionContext.kernelPreferenceChanged.connect(this._onPreference, this);
    sessionContext.kernelChanged.connect(this._onKernel, this);
    disposed.connect(() => Signal.disconnectReceiver(this));
    void ready.then(() => {
      if (!_context.isDisposed) {
        this._read();
        this._changed.emit();
      }
    });
  }

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Where the notebook was made, or what the user has chosen since; null while the file is being read. */
  get origin(): IOrigin | null {
    return this._origin;
  }

  /** Whether the kernel that runs is what the notebook is meant to run. */
  get isMeant(): boolean {
    const { kernel, description } = this._origin ?? NOWHERE;
    return kernel === null && description === null
      ? true
      : kernelName(this._context.sessionContext) === kernel;
  }

  /** The user has chosen the kernel that runs. */
  settle(): void {
    const kernel = kernelName(this._context.sessionContext);
    if (kernel) {
      this._origin = { kernel, displayName: null, description: null };
      this._changed.emit();
    }
  }

  private _read(): IOrigin {
    this._origin ??= readOrigin(this._context.model);
    return this._origin;
  }

  /**
   * The file has been read, and the kernel is about to be started. Where the notebook tells what it was made in, and
   * that is not here, the banner says more than a dialog that only lists kernels: start none.
   */
  private _onPreference(): void {
    const { isReady, sessionContext } = this._context;
    if (!isReady || this._decided) {
      return;
    }
    this._decided = true;
    const { kernel, description } = this._read();
    const { specs } = sessionContext.specsManager;
    if (
      description &&
      specs &&
      !(kernel && specs.kernelspecs[kernel]) &&
      !automatic(sessionContext)
    ) {
      this._held = true;
      this._setStart(false);
    }
  }

  private _onKernel(
    _: ISessionContext,
    { newValue }: { newValue: { name: string } | null }
  ): void {
    if (!newValue) {
      return;
    }
    const first = !this._started;
    this._started = true;
    if (this._held) {
      this._held = false;
      this._setStart(true);
    }
    const { kernel, description } = this._read();
    const told = kernel !== null || description !== null;
    const other = newValue.name !== kernel;
    const taken = () =>
      first &&
      told &&
      automatic(this._context.sessionContext) === newValue.name;
    if (other && !taken()) {
      this.settle();
    }
    this._changed.emit();
  }

  private _setStart(shouldStart: boolean): void {
    const { sessionContext } = this._context;
    sessionContext.kernelPreference = {
      ...sessionContext.kernelPreference,
      shouldStart
    };
  }

  private _origin: IOrigin | null = null;
  private _decided = false;
  private _held = false;
  private _started = false;
  private readonly _changed = new Signal<this, void>(this);
}

const NOWHERE: IOrigin = { kernel: null, displayName: null, description: null };

/** The kernel that JupyterLab starts without asking; null when it asks. */
function automatic(session: ISessionContext): string | null {
  return SessionContext.getDefaultKernel({
    specs: session.specsManager.specs,
    sessions: session.sessionManager.running(),
    preference: { ...session.kernelPreference, shouldStart: true }
  });
}
