import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  ISessionContextDialogs,
  IToolbarWidgetRegistry,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator } from '@jupyterlab/translation';

import { CommandIDs, IEnvManagerModel } from '../tokens';
import { cellNotesPlugin } from './cellnotes';
// eslint-disable-next-line jupyter/prefer-lazy-imports -- small, and needed by activate() at once
import { addNotebookCommands, addSaveAsCommand } from './notebookcommands';
// eslint-disable-next-line jupyter/prefer-lazy-imports -- a notebook must be watched before its file is read
import { NotebookDesk } from './notebookdesk';
import { problemRendererPlugin } from './problemrenderer';

const DOMAIN = 'jupyter_envmanager';
const SETTINGS = 'jupyter-envmanager:plugin';

const notebook: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:notebook',
  description:
    'Shows the environment of a notebook, switches it, and keeps it.',
  autoStart: true,
  requires: [IEnvManagerModel, ITranslator],
  optional: [
    INotebookTracker,
    IToolbarWidgetRegistry,
    ISessionContextDialogs,
    ISettingRegistry,
    ICommandPalette
  ],
  activate: (
    app: JupyterFrontEnd,
    model: IEnvManagerModel,
    translator: ITranslator,
    tracker: INotebookTracker | null,
    toolbars: IToolbarWidgetRegistry | null,
    dialogs: ISessionContextDialogs | null,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null
  ) => {
    const trans = translator.load(DOMAIN);
    const options = { app, model, tracker, trans };
    addSaveAsCommand(options);
    const commands: string[] = [CommandIDs.saveAs];
    if (tracker) {
      const desk = new NotebookDesk({
        ...options,
        dialogs: dialogs ?? new SessionContextDialogs({ translator }),
        settings: registry?.load(SETTINGS) ?? null
      });
      app.docRegistry.addWidgetExtension('Notebook', desk);
      toolbars?.addFactory('Notebook', 'envmanager', desk.toolbarItem);
      addNotebookCommands({ ...options, verbs: desk.verbs });
      commands.push(CommandIDs.switchNotebook, CommandIDs.createForNotebook);
    }
    for (const command of commands) {
      palette?.addItem({
        command,
        category: trans.__('Environments'),
        args: { isPalette: true }
      });
    }
  }
};

/** What notebooks know of their environments. */
export const notebookPlugins: JupyterFrontEndPlugin<void>[] = [
  notebook,
  cellNotesPlugin,
  problemRendererPlugin
];
