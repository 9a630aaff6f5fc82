import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { TranslationBundle } from '@jupyterlab/translation';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import type { IEnvManagerModel } from './tokens';

/** What the commands need. */
export interface ICommandOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** Translates. */
  trans: TranslationBundle;
}

/** The arguments of a command. */
export type Args = ReadonlyPartialJSONObject;

/** What a command takes that has one argument, a text. */
export function argument(
  name: string,
  description: string
): { args: ReadonlyJSONObject } {
  return {
    args: {
      type: 'object',
      properties: { [name]: { type: 'string', description } }
    }
  };
}

/** The id in the arguments, or of the row that was right-clicked. */
export function target(
  app: JupyterFrontEnd,
  args: Args,
  name: string,
  kind: string
): string | undefined {
  const given = args[name];
  if (typeof given === 'string') {
    return given;
  }
  const node = app.contextMenuHitTest(element =>
    element.classList.contains(`jp-EnvManager-${kind}`)
  );
  return node?.dataset.id;
}
