import type { Job, JobEvent } from '../_models';
import type { IEnvManagerModel } from '../tokens';
import { isActive } from './jobstate';

/** The log of the job that a page shows, read piece by piece. */
export class JobLog {
  /** Start empty; `current` says which job the page shows, `visible` whether anybody sees it. */
  constructor(
    private readonly _model: IEnvManagerModel,
    private readonly _current: () => Job | undefined,
    private readonly _visible: () => boolean,
    private readonly _changed: () => void
  ) {}

  /** The lines so far. */
  get events(): JobEvent[] {
    return this._events;
  }

  /** Forget the lines: another job is shown. */
  clear(): void {
    this._events = [];
    this._mark = null;
  }

  /** Read again even if the job has not changed. */
  invalidate(): void {
    this._mark = null;
  }

  /** Read the rest of the log, one request at a time. */
  async read(): Promise<void> {
    const job = this._current();
    const mark =
      job &&
      `${job.id} ${job.state} ${job.progress} ${job.message} ${job.check?.state}`;
    if (!job || this._reading || this._mark === mark || !this._visible()) {
      return;
    }
    this._reading = true;
    this._mark = mark ?? null;
    const last = this._events[this._events.length - 1]?.seq ?? -1;
    try {
      const events = await this._model.jobEvents(job.id, Math.max(0, last));
      if (this._current()?.id === job.id) {
        const fresh = events.filter(({ seq }) => seq > last);
        this._events = [...this._events, ...fresh];
      }
    } catch (error) {
      console.warn(error);
    } finally {
      this._reading = false;
    }
    this._changed();
    const now = this._current();
    if (now && isActive(now) !== isActive(job)) {
      void this.read();
    }
  }

  private _events: JobEvent[] = [];
  private _mark: string | null = null;
  private _reading = false;
}
