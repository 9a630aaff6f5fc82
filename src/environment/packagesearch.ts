import { type ISignal, Signal } from '@lumino/signaling';

import type { PackageHits, Problem } from '../_models';
import { toProblem } from '../api';
import { hasConstraint, isRequirement } from '../specs';
import type { IInside } from '../tokens';

const DELAY = 80;
/** PyPI answers from far away: it is asked once somebody has stopped typing. */
const PYPI_DELAY = 400;
const LIMIT = 40;

/** A search while somebody types: only the answer to the newest text counts. */
export class PackageSearch {
  /**
   * @param _inside - the environment whose channels are searched
   * @param _delay - milliseconds without typing before the channels are asked
   * @param _pypiDelay - milliseconds without typing before PyPI is asked, too
   */
  constructor(
    private readonly _inside: Pick<IInside, 'search'>,
    private readonly _delay = DELAY,
    private readonly _pypiDelay = PYPI_DELAY
  ) {}

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is typed. */
  get text(): string {
    return this._text;
  }

  /** What is searched for: empty when the text is no name. */
  get query(): string {
    const text = this._text.trim();
    return hasConstraint(text) || isRequirement(text) ? '' : text;
  }

  /** The newest answer; it stays while the next one is under way. */
  get hits(): PackageHits | null {
    return this._hits;
  }

  /** Whether the answer is one to the text as it is now. */
  get isCurrent(): boolean {
    return this._hits !== null && this._answered === this.query;
  }

  /** What kept the server from answering. */
  get problem(): Problem | null {
    return this._problem;
  }

  /** Search for another text. */
  type(text: string): void {
    const before = this.query;
    this._text = text;
    if (this.query !== before) {
      this._ask();
    }
    this._changed.emit();
  }

  /** Search again. */
  retry(): void {
    this._ask();
    this._changed.emit();
  }

  /** Search no more. */
  dispose(): void {
    this._stop();
    Signal.clearData(this);
  }

  private _ask(): void {
    this._stop();
    this._problem = null;
    const query = this.query;
    if (!query) {
      this._hits = null;
      return;
    }
    const aborter = (this._aborter = new AbortController());
    const ask = (pypi: boolean) => void this._search(query, pypi, aborter);
    this._timers = [
      setTimeout(ask, this._delay, false),
      setTimeout(ask, this._pypiDelay, true)
    ];
  }

  private async _search(
    query: string,
    pypi: boolean,
    { signal }: AbortController
  ): Promise<void> {
    try {
      const hits = await this._inside.search(query, LIMIT, pypi, signal);
      // The answer of the channels alone must not replace one that has PyPI's, too.
      if (!signal.aborted && (pypi || !this._complete)) {
        this._hits = hits;
        this._answered = query;
        this._complete = pypi;
        this._problem = null;
        this._changed.emit();
      }
    } catch (error) {
      if (!signal.aborted && !this.isCurrent) {
        this._hits = null;
        this._problem = toProblem(error);
        this._changed.emit();
      }
    }
  }

  private _stop(): void {
    this._timers.forEach(clearTimeout);
    this._aborter?.abort();
    this._complete = false;
  }

  private _text = '';
  private _hits: PackageHits | null = null;
  private _problem: Problem | null = null;
  private _answered = '';
  private _complete = false;
  private _timers: ReturnType<typeof setTimeout>[] = [];
  private _aborter: AbortController | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
