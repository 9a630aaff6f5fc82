import { type ISignal, Signal } from '@lumino/signaling';

import type { Description, Environment } from '../_models';
import type { IEnvManagerModel } from '../tokens';

/** What environments are made of, read once for each of their states. */
export class Descriptions {
  /** Read from here. */
  constructor(private readonly _model: IEnvManagerModel) {}

  /** Emitted when one has come. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What an environment is made of now; undefined while that is not known. */
  get({ id, modified }: Environment): Description | undefined {
    const known = this._known.get(id);
    return known?.modified === modified ? known.description : undefined;
  }

  /** Read what an environment is made of, unless it is known. */
  async want({ id, modified }: Environment): Promise<void> {
    const known = this._known.get(id);
    if (known?.modified === modified) {
      return;
    }
    // Set before the answer: whoever asks meanwhile does not ask the server again.
    const entry: IEntry = { modified };
    this._known.set(id, entry);
    try {
      entry.description = await this._model.inside(id).description();
      this._changed.emit();
    } catch (reason) {
      // Nobody waits for it; the next change of the environment asks again.
      console.warn(reason);
    }
  }

  private readonly _known = new Map<string, IEntry>();
  private readonly _changed = new Signal<this, void>(this);
}

interface IEntry {
  modified: number | null;
  description?: Description;
}
