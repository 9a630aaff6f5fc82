import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { argument, target } from '../commandargs';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { environmentIcon } from '../widgets/icons';
import { environmentOf, kernelName } from './notebookstate';
import type { NotebookVerbs } from './notebookverbs';

/** What the commands need. */
export interface INotebookCommandsOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** The notebooks; null where this application has none. */
  tracker: INotebookTracker | null;
  /** What can be done about them, once it is needed. */
  verbs: () => Promise<NotebookVerbs>;
  /** Translates. */
  trans: TranslationBundle;
}

type Args = ReadonlyPartialJSONObject;

/** Add the commands on the environment of a notebook. */
export function addNotebookCommands(options: INotebookCommandsOptions): void {
  const { app, model, trans, verbs } = options;
  const find = (args: Args) => notebookOf(options, args);
  const describedBy = (environment: boolean) => ({
    args: {
      type: 'object',
      properties: {
        path: {
          type: 'string',
          description: trans.__(
            'The path of the notebook; without it, the current one'
          )
        },
        ...(environment
          ? {
              environment: {
                type: 'string',
                description: trans.__(
                  'The id of the environment; without it, the user chooses'
                )
              }
            }
          : {})
      }
    }
  });
  app.commands.addCommand(CommandIDs.switchNotebook, {
    label: trans.__('Switch Notebook to Environment…'),
    caption: trans.__('Let this notebook run in another environment'),
    icon: environmentIcon,
    isEnabled: args => find(args) !== null,
    execute: async args => {
      const panel = find(args);
      const id = args['environment'];
      if (!panel) {
        return;
      }
      const desk = await verbs();
      if (typeof id !== 'string') {
        return desk.choose(panel);
      }
      if (!model.environment(id)) {
        await model.refresh('environments', 'kernels');
      }
      const environment = model.environment(id);
      return environment && desk.use(panel, { environment });
    },
    describedBy: describedBy(true)
  });
  app.commands.addCommand(CommandIDs.createForNotebook, {
    label: trans.__('New Environment for This Notebook…'),
    caption: trans.__('Make an environment with what this notebook imports'),
    icon: environmentIcon,
    isEnabled: args => find(args) !== null,
    execute: async args => {
      const panel = find(args);
      await (panel && (await verbs()).createFor(panel));
    },
    describedBy: describedBy(false)
  });
}

/** Add the command that makes a new environment like one that is there. */
export function addSaveAsCommand(
  options: Omit<INotebookCommandsOptions, 'verbs'>
): void {
  const { app, model, trans } = options;
  app.commands.addCommand(CommandIDs.saveAs, {
    label: args =>
      args['isPalette']
        ? trans.__('Save Environment as New One…')
        : trans.__('Save as New Environment…'),
    caption: trans.__(
      'Fill the form of a new environment with the packages of this one, to change them before it is made; a clone is the same, your own files in it too'
    ),
    execute: async args => {
      const panel = notebookOf(options, {});
      const id =
        target(app, args, 'environment', 'env') ??
        (panel && environmentOf(kernelName(panel.sessionContext), model)?.id) ??
        (await choose(model, trans));
      if (id) {
        const { saveAs } = await import('./saveas');
        await saveAs(app, model, id, trans);
      }
    },
    describedBy: argument(
      'environment',
      trans.__('The id of the environment; without it, that of the notebook')
    )
  });
}

async function choose(
  model: IEnvManagerModel,
  trans: TranslationBundle
): Promise<string | undefined> {
  const { pickEnvironment } = await import('./choose');
  const words = {
    title: trans.__('Save as new environment'),
    okLabel: trans.__('Continue')
  };
  return (await pickEnvironment(model, '', words, trans))?.environment.id;
}

/** The notebook of a path, or the current one. */
function notebookOf(
  { tracker }: Pick<INotebookCommandsOptions, 'tracker'>,
  { path }: Args
): NotebookPanel | null {
  if (!tracker) {
    return null;
  }
  return typeof path === 'string'
    ? (tracker.find(({ context }) => context.path === path) ?? null)
    : tracker.currentWidget;
}
