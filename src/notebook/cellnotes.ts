import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { IEnvManagerModel } from '../tokens';
// eslint-disable-next-line jupyter/prefer-lazy-imports -- small, and it must see the first cell that runs
import { CellNotes } from './cellnoteskeeper';

const DOMAIN = 'jupyter_envmanager';
const SETTINGS = 'jupyter-envmanager:plugin';

/** Offers below a cell to install what it lacks. */
export const cellNotesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:cell-notes',
  description:
    'Offers below a cell to install a missing module, and says when an install line would miss the kernel.',
  autoStart: true,
  requires: [IEnvManagerModel, ITranslator],
  optional: [INotebookTracker, ISettingRegistry, ISessionContextDialogs],
  activate: (
    app: JupyterFrontEnd,
    model: IEnvManagerModel,
    translator: ITranslator,
    tracker: INotebookTracker | null,
    registry: ISettingRegistry | null,
    dialogs: ISessionContextDialogs | null
  ) => {
    if (!tracker) {
      return;
    }
    const notes = new CellNotes({
      app,
      model,
      tracker,
      dialogs,
      translator,
      trans: translator.load(DOMAIN)
    });
    NotebookActions.executionScheduled.connect(notes.onScheduled, notes);
    NotebookActions.executed.connect(notes.onExecuted, notes);
    NotebookActions.outputCleared.connect(notes.onCleared, notes);
    void registry
      ?.load(SETTINGS)
      .then(settings => {
        const follow = () => {
          notes.enabled = settings.get('notebookHints').composite !== false;
        };
        follow();
        settings.changed.connect(follow);
      })
      .catch(reason => console.warn(reason));
  }
};
