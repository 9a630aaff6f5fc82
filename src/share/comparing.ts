import { type ISignal, Signal } from '@lumino/signaling';

import type {
  CompareRequest,
  Comparison,
  Difference,
  Environment,
  FileText,
  Problem
} from '../_models';
import { toProblem } from '../api';
import { type IPendingItem, sourceItem } from '../plan/pending';
import type { IResource } from '../tokens';

/** What an environment is compared with. */
export type Other =
  | { readonly kind: 'environment'; readonly environment: Environment }
  | {
      readonly kind: 'file';
      readonly file: FileText;
      /** Where in the workspace it is; absent where it is not there. */
      readonly path?: string;
    };

/** A comparison under way: with what, what came out, and what of it is looked for. */
export class Comparing {
  /**
   * @param _compare - asks the server
   * @param other - what to compare with at first; null while nothing is chosen
   */
  constructor(
    private readonly _compare: (request: CompareRequest) => Promise<Comparison>,
    other: Other | null = null
  ) {
    if (other) {
      void this.choose(other);
    }
  }

  /** Emitted when anything below has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is compared with. */
  get other(): Other | null {
    return this._other;
  }

  /** What came out. */
  get comparison(): IResource<Comparison> {
    return this._comparison;
  }

  /** What is looked for among the packages. */
  get filter(): string {
    return this._filter;
  }

  set filter(filter: string) {
    this._filter = filter;
    this._changed.emit();
  }

  /** The differences that are looked for. */
  get shown(): Difference[] {
    const needle = this._filter.trim().toLowerCase();
    return (this._comparison.data?.differences ?? []).filter(({ name }) =>
      name.toLowerCase().includes(needle)
    );
  }

  /** Compare with something; an answer that a newer choice has overtaken is dropped. */
  async choose(other: Other): Promise<void> {
    const number = ++this._asked;
    this._other = other;
    this._set({ data: null, problem: null, loading: true });
    let answer: IResource<Comparison>;
    try {
      const data = await this._compare(requestFor(other));
      answer = { data, problem: null, loading: false };
    } catch (error) {
      answer = { data: null, problem: toProblem(error), loading: false };
    }
    if (number === this._asked) {
      this._set(answer);
    }
  }

  /** Say why what was chosen cannot be compared with. */
  refuse(problem: Problem): void {
    this._asked += 1;
    this._set({ data: null, problem, loading: false });
  }

  private _set(comparison: IResource<Comparison>): void {
    this._comparison = comparison;
    this._changed.emit();
  }

  private _asked = 0;
  private _other: Other | null = null;
  private _filter = '';
  private _comparison: IResource<Comparison> = {
    data: null,
    problem: null,
    loading: false
  };
  private readonly _changed = new Signal<this, void>(this);
}

/** What the other is called. */
export function otherName(other: Other): string {
  return other.kind === 'file'
    ? (other.file.filename ?? '')
    : other.environment.name;
}

/** Ask for an environment to become like another, or like a file; what a file leaves out may be there all the same. */
export function likeItem(other: Other): IPendingItem {
  if (other.kind === 'environment') {
    const { id, name } = other.environment;
    return sourceItem({ type: 'clone', environment: id }, name, true);
  }
  const { content, filename, format } = other.file;
  const item = sourceItem(
    {
      type: 'file',
      format: format ?? '',
      content,
      ...(filename && { filename })
    },
    otherName(other),
    false
  );
  return other.path === undefined ? item : { ...item, path: other.path };
}

function requestFor(other: Other): CompareRequest {
  return other.kind === 'file'
    ? { file: other.file }
    : { environment: other.environment.id };
}
