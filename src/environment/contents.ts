import { type ISignal, Signal } from '@lumino/signaling';

import type {
  EnvironmentGpu,
  Health,
  History,
  Packages,
  PackageUpdates,
  Sharing
} from '../_models';
import { toProblem } from '../api';
import type { IInside, IResource } from '../tokens';

/** What a page reads of its environment, by name. */
export interface IParts {
  packages: Packages;
  updates: PackageUpdates;
  history: History;
  health: Health;
  gpu: EnvironmentGpu;
  sharing: Sharing;
}

/** The name of something that a page reads. */
export type Part = keyof IParts;

type Resources = { [K in Part]: IResource<IParts[K]> };

/** What the server says is inside an environment; read when told to. */
export class Contents {
  /** Read from here. */
  constructor(private readonly _inside: IInside) {}

  /** Emitted when anything has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Something that was read. */
  get<K extends Part>(part: K): IResource<IParts[K]> {
    return this._resources[part];
  }

  /** Read these again; an answer that a newer question has overtaken is dropped. */
  async read(...parts: Part[]): Promise<void> {
    await Promise.all(
      parts.map(part =>
        this._read(part, () => this._inside[part]() as Promise<IParts[Part]>)
      )
    );
  }

  /** Compare the files with what the packages brought; `full` by content. */
  check(full = false): Promise<void> {
    return this._read('health', () => this._inside.health(full));
  }

  /** Put right what keeps the group from using it. */
  repairSharing(): Promise<void> {
    return this._read('sharing', () => this._inside.repairSharing());
  }

  /** Forget what the files were found to be: they have changed. */
  forgetHealth(): void {
    this._asked.health += 1;
    this._set('health', { data: null, problem: null, loading: false });
  }

  /** Stop telling. */
  dispose(): void {
    Signal.clearData(this);
  }

  private async _read<K extends Part>(
    part: K,
    ask: () => Promise<IParts[K]>
  ): Promise<void> {
    const number = ++this._asked[part];
    this._set(part, { ...this._resources[part], loading: true });
    let answer: IResource<IParts[K]>;
    try {
      answer = { data: await ask(), problem: null, loading: false };
    } catch (error) {
      const { data } = this._resources[part];
      answer = { data, problem: toProblem(error), loading: false };
    }
    if (number === this._asked[part]) {
      this._set(part, answer);
    }
  }

  private _set<K extends Part>(part: K, value: IResource<IParts[K]>): void {
    (this._resources as Record<Part, unknown>)[part] = value;
    this._changed.emit();
  }

  private readonly _asked = {
    packages: 0,
    updates: 0,
    history: 0,
    health: 0,
    gpu: 0,
    sharing: 0
  };
  private readonly _resources: Resources = {
    packages: { data: null, problem: null, loading: false },
    updates: { data: null, problem: null, loading: false },
    history: { data: null, problem: null, loading: false },
    health: { data: null, problem: null, loading: false },
    gpu: { data: null, problem: null, loading: false },
    sharing: { data: null, problem: null, loading: false }
  };
  private readonly _changed = new Signal<this, void>(this);
}
