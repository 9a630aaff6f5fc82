/** Coalesces requests to read things again: one run at a time, and not more often than an interval. */
export class Refresher<T> {
  /**
   * @param run - reads what it is given; must not reject
   * @param interval - milliseconds between two starts
   */
  constructor(
    private readonly _run: (topics: Set<T>) => Promise<void>,
    private readonly _interval = 200
  ) {}

  /** Ask for things; resolves when a run that started after this call has ended. */
  request(...topics: T[]): Promise<void> {
    topics.forEach(topic => this._pending.add(topic));
    if (!this._next) {
      this._next = this._start(this._running);
    }
    return this._next;
  }

  private async _start(previous: Promise<void>): Promise<void> {
    await previous;
    const rest = this._last + this._interval - Date.now();
    if (rest > 0) {
      await new Promise(resolve => setTimeout(resolve, rest));
    }
    const topics = this._pending;
    this._pending = new Set();
    this._running = this._next ?? Promise.resolve();
    this._next = null;
    this._last = Date.now();
    await this._run(topics);
  }

  private _pending = new Set<T>();
  private _next: Promise<void> | null = null;
  private _running: Promise<void> = Promise.resolve();
  private _last = 0;
}
