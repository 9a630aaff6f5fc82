import type { ISignal } from '@lumino/signaling';

import type { Job } from '../_models';
import { isActive } from '../jobs/jobstate';
import type { IWaitingNotebook } from '../jobs/waiting';
import type { IEnvManagerModel } from '../tokens';

/** What is followed of the page of a new environment. */
export interface IFollowedPage {
  /** Emitted when `creation` has changed. */
  readonly changed: ISignal<unknown, void>;
  /** What is being made; its `job` is null while the form is shown. */
  readonly creation: { readonly job: string | null };
  /** Whom the environment is for, as the page says it. */
  notebook?: IWaitingNotebook | null;
}

/**
 * Knows for whom environments are being made.
 *
 * Whoever asks is kept as an object, so that it does not matter when a notebook is renamed meanwhile; a reload of the
 * browser's page forgets it.
 */
export class JobFollower<T> {
  /** Call `onReady` with whoever asked, once the job has succeeded. */
  constructor(
    private readonly _model: IEnvManagerModel,
    private readonly _onReady: (asker: T, job: Job) => void
  ) {
    _model.jobFinished.connect(this._onFinished, this);
  }

  /** The environment that comes of this page is for `asker`. */
  follow(page: IFollowedPage, asker: T): void {
    const watch = () => {
      const { job } = page.creation;
      if (job === null || this._askers.has(job)) {
        return;
      }
      this._askers.set(job, asker);
      const known = this._model.job(job);
      if (known && !isActive(known)) {
        // It was done before the page knew its id.
        this._onFinished(this._model, known);
      }
    };
    page.changed.connect(watch);
    watch();
  }

  /** Stop following. */
  dispose(): void {
    this._model.jobFinished.disconnect(this._onFinished, this);
    this._askers.clear();
  }

  private _onFinished(_: IEnvManagerModel, job: Job): void {
    const asker = this._askers.get(job.id);
    if (asker === undefined || asker === null) {
      return;
    }
    // Kept as null: the page still shows this job, which must not be followed again.
    this._askers.set(job.id, null);
    if (job.state === 'succeeded') {
      this._onReady(asker, job);
    }
  }

  private readonly _askers = new Map<string, T | null>();
}
