import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel } from '@jupyterlab/notebook';
import { JSONExt, type ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import type { Description } from '../_models';
import type { IEnvManagerModel } from '../tokens';
import type { Descriptions } from './descriptions';
import { environmentOf, kernelName } from './notebookstate';
import { METADATA_KEY } from './origin';

/** The document of a notebook, as far as it is used here. */
export type NotebookContext = Pick<
  DocumentRegistry.IContext<INotebookModel>,
  'model' | 'saveState' | 'sessionContext' | 'disposed'
>;

/** What writing needs. */
export interface IMetadataOptions {
  /** What is known of kernels and environments. */
  model: IEnvManagerModel;
  /** What environments are made of. */
  descriptions: Descriptions;
  /** Whether the user wants it. */
  isEnabled: () => boolean;
  /** Whether the kernel is the one that the notebook is meant to run; what it was made with must not be lost else. */
  isMeant: () => boolean;
}

/** Keep the metadata of a notebook as long as it is open. */
export function followMetadata(
  context: NotebookContext,
  options: IMetadataOptions
): NotebookMetadata {
  const metadata = new NotebookMetadata(context, options);
  context.disposed.connect(() => metadata.dispose());
  return metadata;
}

/**
 * Writes into a notebook what its environment is made of, when it is saved anyway.
 *
 * The signal that a save starts comes before the document is written out, so the file has what is set then. What is to
 * be set must be known at that moment: it is read as soon as the notebook has something to save.
 */
export class NotebookMetadata {
  /** Follow a notebook. */
  constructor(
    private readonly _context: NotebookContext,
    private readonly _options: IMetadataOptions
  ) {
    _context.saveState.connect(this._onSave, this);
    _context.model.contentChanged.connect(this._prepare, this);
    _context.model.stateChanged.connect(this._prepare, this);
    _context.sessionContext.kernelChanged.connect(this._prepare, this);
    _options.model.stateChanged.connect(this._prepare, this);
    this._prepare();
  }

  /** Stop following. */
  dispose(): void {
    Signal.disconnectReceiver(this);
  }

  /** Read what a save will need, once there is something to save. */
  private _prepare(): void {
    const { descriptions, isEnabled } = this._options;
    const environment = this._environment;
    if (environment && this._context.model.dirty && isEnabled()) {
      void descriptions.want(environment);
    }
  }

  private _onSave(_: unknown, state: DocumentRegistry.SaveState): void {
    const { model, sessionContext } = this._context;
    const { isEnabled, isMeant, descriptions } = this._options;
    const kernel = this._options.model.kernel(kernelName(sessionContext));
    if (state !== 'started' || !isEnabled() || !isMeant() || !kernel) {
      return;
    }
    const old = model.getMetadata(METADATA_KEY) as
      ReadonlyPartialJSONValue | undefined;
    const environment = this._environment;
    if (!environment) {
      if (old !== undefined && kernel.environment === null && !kernel.orphan) {
        // What the kernel runs in cannot be told, and what is there is about another one.
        model.deleteMetadata(METADATA_KEY);
      }
      return;
    }
    const description = descriptions.get(environment);
    if (description && !same(old, description)) {
      model.setMetadata(METADATA_KEY, { ...description });
    }
  }

  private get _environment() {
    const { sessionContext } = this._context;
    return environmentOf(kernelName(sessionContext), this._options.model);
  }
}

function same(
  old: ReadonlyPartialJSONValue | undefined,
  description: Description
): boolean {
  return (
    old !== undefined &&
    JSONExt.deepEqual(old, { ...description } as ReadonlyPartialJSONValue)
  );
}
