import type { TranslationBundle } from '@jupyterlab/translation';

/** The notebook that an environment is made for. */
export interface IWaitingNotebook {
  /** What its file is called now. */
  readonly name: string;
  /** Whether it is still open. */
  readonly isOpen: boolean;
  /** Go back to it. */
  show(): void;
}

const waiting = new Map<string, IWaitingNotebook>();

/** A notebook will run in what comes of this job; a reload of the browser's page forgets it. */
export function waitFor(job: string, notebook: IWaitingNotebook): void {
  waiting.set(job, notebook);
}

/** The notebook that will run in what comes of this job; null where there is none, or it was closed. */
export function waitingFor(job: string): IWaitingNotebook | null {
  const notebook = waiting.get(job);
  return notebook?.isOpen ? notebook : null;
}

/** What the form of a new environment is called. */
export function formHeading(
  notebook: IWaitingNotebook | null,
  trans: TranslationBundle
): string {
  return notebook
    ? trans.__('New environment for %1', notebook.name)
    : trans.__('New environment');
}
