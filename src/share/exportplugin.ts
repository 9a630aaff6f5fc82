import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator } from '@jupyterlab/translation';

import type { Environment } from '../_models';
import { type Args, type ICommandOptions, target } from '../commandargs';
import { CommandIDs, IEnvManagerModel } from '../tokens';
import type { ExportFormat } from './exportformats';

const DOMAIN = 'jupyter_envmanager';

/** Environments as files. */
export const exportPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:export',
  description: 'Adds the command that exports an environment as a file.',
  autoStart: true,
  requires: [IEnvManagerModel, ITranslator],
  optional: [ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    model: IEnvManagerModel,
    translator: ITranslator,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null
  ) => {
    const trans = translator.load(DOMAIN);
    addExportCommand({ app, model, trans }, browser);
    palette?.addItem({
      command: CommandIDs.exportEnvironment,
      category: trans.__('Environments'),
      args: { isPalette: true }
    });
  }
};

function addExportCommand(
  { app, model, trans }: ICommandOptions,
  browser: IDefaultFileBrowser | null
): void {
  const { commands, serviceManager } = app;
  const find = (args: Args): Environment | undefined => {
    const id = args['isPalette']
      ? undefined
      : target(app, args, 'environment', 'env');
    return id === undefined ? undefined : model.environment(id);
  };
  commands.addCommand(CommandIDs.exportEnvironment, {
    label: args =>
      args['isPalette'] ? trans.__('Export Environment…') : trans.__('Export…'),
    caption: trans.__(
      'Write this environment as a file to make it from elsewhere'
    ),
    isEnabled: args => find(args)?.state !== 'building',
    execute: async args => {
      const environment = find(args) ?? (await choose(model, trans));
      if (!environment) {
        return;
      }
      const { exportEnvironment } = await import('./exportdialog');
      const { WorkspaceFolder } = await import('../files/workspacefolder');
      await exportEnvironment({
        environment,
        inside: model.inside(environment.id),
        format: formatOf(args),
        folder: new WorkspaceFolder(
          serviceManager.contents,
          browser?.model.path ?? ''
        ),
        onOpen: commands.hasCommand('docmanager:open')
          ? path => void commands.execute('docmanager:open', { path })
          : null,
        trans
      });
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          environment: {
            type: 'string',
            description: trans.__(
              'The id of the environment; without it, the user chooses'
            )
          },
          format: {
            type: 'string',
            description: trans.__('The format that is shown first')
          }
        }
      }
    }
  });
}

function formatOf({ format }: Args): ExportFormat | undefined {
  return typeof format === 'string' ? (format as ExportFormat) : undefined;
}

async function choose(
  model: IEnvManagerModel,
  trans: ICommandOptions['trans']
): Promise<Environment | undefined> {
  const { chooseEnvironment } = await import('../environment/actions');
  const id = await chooseEnvironment(
    model,
    trans,
    trans.__('Export environment'),
    trans.__('Continue')
  );
  return id === null ? undefined : model.environment(id);
}
