import type { ServiceManager, Session } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

/** What is needed of Jupyter's services. */
type Services = Pick<ServiceManager.IManager, 'kernels' | 'sessions'>;

/** A kernel that still runs with the packages of before a change. */
export interface IStaleKernel {
  /** The kernel's id. */
  readonly id: string;
  /** What uses it: a notebook's name. */
  readonly name: string;
  /** Whether it is being restarted. */
  readonly restarting: boolean;
}

/** The kernels that were running when their environment changed, until they are restarted or gone. */
export class StaleKernels {
  /** Follow the sessions of these services. */
  constructor(private readonly _services: Services) {
    _services.sessions.runningChanged.connect(this._onRunning, this);
  }

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The kernels, by name of what uses them. */
  get all(): IStaleKernel[] {
    return [...this._stale.values()].sort((one, two) =>
      one.name.localeCompare(two.name)
    );
  }

  /** The environment of these kernelspecs has changed. */
  async mark(kernelspecs: readonly string[]): Promise<void> {
    const { sessions } = this._services;
    await sessions.refreshRunning().catch(reason => console.warn(reason));
    for (const { name, path, kernel } of sessions.running()) {
      if (kernel && kernelspecs.includes(kernel.name)) {
        this._stale.set(kernel.id, {
          id: kernel.id,
          name: name || path,
          restarting: false
        });
      }
    }
    this._changed.emit();
  }

  /** Restart some. */
  async restart(...ids: string[]): Promise<void> {
    await Promise.all(ids.map(id => this._restart(id)));
  }

  /** Say no more about them. */
  dismiss(): void {
    this._stale.clear();
    this._changed.emit();
  }

  /** Stop following. */
  dispose(): void {
    this._services.sessions.runningChanged.disconnect(this._onRunning, this);
    Signal.clearData(this);
  }

  private async _restart(id: string): Promise<void> {
    const stale = this._stale.get(id);
    const model = [...this._services.sessions.running()].find(
      ({ kernel }) => kernel?.id === id
    )?.kernel;
    if (!stale || !model) {
      this._stale.delete(id);
      return;
    }
    this._stale.set(id, { ...stale, restarting: true });
    this._changed.emit();
    const kernel = this._services.kernels.connectTo({ model });
    try {
      await kernel.restart();
      this._stale.delete(id);
    } catch (error) {
      this._stale.set(id, stale);
      console.warn(error);
    } finally {
      kernel.dispose();
      this._changed.emit();
    }
  }

  private _onRunning(_: Session.IManager, running: Session.IModel[]): void {
    const alive = new Set(running.map(({ kernel }) => kernel?.id));
    const gone = [...this._stale.keys()].filter(id => !alive.has(id));
    gone.forEach(id => this._stale.delete(id));
    if (gone.length) {
      this._changed.emit();
    }
  }

  private readonly _stale = new Map<string, IStaleKernel>();
  private readonly _changed = new Signal<this, void>(this);
}
