import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator } from '@jupyterlab/translation';

import { addEnvironmentCommands, addGeneralCommands } from './commands';
import { filesPlugin } from './create/filesplugin';
import { addKernelCommands } from './kernels/kernelcommands';
import { EnvManagerModel } from './model';
import { notebookPlugins } from './notebook/plugins';
import { exportPlugin } from './share/exportplugin';
// eslint-disable-next-line jupyter/prefer-lazy-imports -- small, and needed by activate() at once
import { addPageCommands } from './pagecommands';
// eslint-disable-next-line jupyter/prefer-lazy-imports -- pagecommands needs it anyway
import { notebookTabs } from './create/pages';
import { EnvironmentsPanel } from './panel/panel';
import { sharePlugin } from './share/shareplugin';
import { CommandIDs, IEnvManagerModel } from './tokens';

export { CommandIDs, IEnvManagerModel } from './tokens';

const DOMAIN = 'jupyter_envmanager';

const model: JupyterFrontEndPlugin<IEnvManagerModel> = {
  id: 'jupyter-envmanager:model',
  description: 'Provides the state of environments, kernels, GPUs and jobs.',
  autoStart: true,
  requires: [ITranslator],
  provides: IEnvManagerModel,
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator
  ): IEnvManagerModel => {
    const { events, kernelspecs, serverSettings } = app.serviceManager;
    return new EnvManagerModel({
      events,
      kernelspecs,
      serverSettings,
      trans: translator.load(DOMAIN)
    });
  }
};

const commands: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:commands',
  description: 'Adds the commands on environments, kernels and jobs.',
  autoStart: true,
  requires: [IEnvManagerModel, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    state: IEnvManagerModel,
    translator: ITranslator
  ) => {
    const options = { app, model: state, trans: translator.load(DOMAIN) };
    addEnvironmentCommands(options);
    addKernelCommands(options);
    addGeneralCommands(options);
  }
};

const pages: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:pages',
  description:
    'Adds the pages of environments and of new ones, and tells when a job is done.',
  autoStart: true,
  requires: [IEnvManagerModel, ITranslator],
  optional: [
    ILabShell,
    ILayoutRestorer,
    ICommandPalette,
    ILauncher,
    IDocumentManager,
    IEditorServices
  ],
  activate: (
    app: JupyterFrontEnd,
    state: IEnvManagerModel,
    translator: ITranslator,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    documents: IDocumentManager | null,
    editors: IEditorServices | null
  ) => {
    const trans = translator.load(DOMAIN);
    const files = { documents, editors };
    const options = { app, model: state, files, trans, labShell, restorer };
    addPageCommands(options, documents);
    palette?.addItem({
      command: CommandIDs.create,
      category: trans.__('Environments'),
      args: { isPalette: true }
    });
    palette?.addItem({
      command: CommandIDs.openEnvironment,
      category: trans.__('Environments'),
      args: { isPalette: true }
    });
    palette?.addItem({
      command: CommandIDs.refresh,
      category: trans.__('Environments')
    });
    palette?.addItem({
      command: CommandIDs.openTerminal,
      category: trans.__('Environments'),
      args: { choose: true }
    });
    launcher?.add({
      command: CommandIDs.create,
      category: trans.__('Other'),
      rank: 50
    });
    // Without terminals there is nothing to launch.
    if (app.serviceManager.terminals.isAvailable()) {
      launcher?.add({
        command: CommandIDs.openTerminal,
        category: trans.__('Other'),
        args: { choose: true },
        rank: 51
      });
    }
  }
};

const panel: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:plugin',
  description: 'Adds the Environments panel.',
  autoStart: true,
  requires: [IEnvManagerModel, ITranslator],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    state: IEnvManagerModel,
    translator: ITranslator,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = translator.load(DOMAIN);
    const widget = new EnvironmentsPanel({
      model: state,
      commands: app.commands,
      trans,
      translator
    });
    app.commands.addCommand(CommandIDs.open, {
      label: trans.__('Environments'),
      caption: trans.__('Show environments, kernels and GPUs'),
      execute: () => {
        const tabs = notebookTabs(app.shell.currentWidget);
        if (tabs?.widgets.includes(widget)) {
          tabs.currentWidget = widget;
        } else {
          app.shell.activateById(widget.id);
        }
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({
      command: CommandIDs.open,
      category: trans.__('Environments')
    });
    if (labShell) {
      labShell.add(widget, 'left', { rank: 250, type: 'Environments' });
      restorer?.add(widget, 'envmanager');
      return;
    }
    // Notebook 7: its first page has tabs, where the panel is at home; other pages have a left area.
    void app.restored.then(() => {
      const tabs = notebookTabs(app.shell.currentWidget);
      if (tabs) {
        tabs.addWidget(widget);
        tabs.tabBar.addTab(widget.title);
      } else {
        app.shell.add(widget, 'left', { rank: 250, type: 'Environments' });
      }
    });
  }
};

export default [
  model,
  commands,
  pages,
  panel,
  exportPlugin,
  sharePlugin,
  filesPlugin,
  ...notebookPlugins
];
