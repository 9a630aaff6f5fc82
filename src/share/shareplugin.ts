import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ITranslator } from '@jupyterlab/translation';

import type { Environment } from '../_models';
import { type Args, argument, target } from '../commandargs';
import { downloadFrom, workspacePath } from '../jobs/archives';
import { CommandIDs, IEnvManagerModel } from '../tokens';
import type { IShareOptions } from './shareactions';

const DOMAIN = 'jupyter_envmanager';
const GO_TO_PATH = 'filebrowser:go-to-path';

/** Copies, comparisons and archives of environments. */
export const sharePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:share',
  description:
    'Adds the commands that copy, compare and pack environments, and update them from files.',
  autoStart: true,
  requires: [IEnvManagerModel, ITranslator],
  optional: [ICommandPalette, IDocumentManager],
  activate: (
    app: JupyterFrontEnd,
    model: IEnvManagerModel,
    translator: ITranslator,
    palette: ICommandPalette | null,
    documents: IDocumentManager | null
  ) => {
    const trans = translator.load(DOMAIN);
    const options = { app, model, trans, documents };
    const commands = [
      addCloneCommand(options),
      addCompareCommand(options),
      addUpdateCommand(options),
      addPackCommand(options)
    ];
    addArchiveCommands(options);
    for (const command of commands) {
      palette?.addItem({
        command,
        category: trans.__('Environments'),
        args: { isPalette: true }
      });
    }
  }
};

/** What one of the commands is. */
interface IVerb {
  id: string;
  /** In the palette it names what it works on. */
  label: string | ((environment: Environment | undefined) => string);
  paletteLabel: string;
  caption: string;
  isEnabled: (environment: Environment) => boolean;
  execute: (environment: Environment, args: Args) => Promise<unknown>;
}

/** Add a command that works on an environment: the one named, the one right-clicked, or the one that the user chooses. */
function addVerb(options: IShareOptions, verb: IVerb): string {
  const { app, model, trans } = options;
  const find = (args: Args) =>
    args['isPalette']
      ? undefined
      : model.environment(target(app, args, 'environment', 'env') ?? '');
  const { id, label, paletteLabel, caption, isEnabled, execute } = verb;
  app.commands.addCommand(id, {
    label: args =>
      args['isPalette']
        ? paletteLabel
        : typeof label === 'string'
          ? label
          : label(find(args)),
    caption,
    isEnabled: args => {
      const environment = find(args);
      return !environment || isEnabled(environment);
    },
    execute: async args => {
      const { choose } = await import('./shareactions');
      const environment =
        find(args) ?? (await choose(options, paletteLabel, isEnabled));
      return environment && execute(environment, args);
    },
    describedBy: argument(
      'environment',
      trans.__('The id of the environment; without it, the user chooses')
    )
  });
  return id;
}

/** Whether there is something whole to read, and nobody is changing it. */
function isWhole({ state, job, kind }: Environment): boolean {
  return state === 'ready' && job === null && kind !== 'venv';
}

function addCloneCommand(options: IShareOptions): string {
  const { trans } = options;
  return addVerb(options, {
    id: CommandIDs.clone,
    label: environment =>
      environment?.writable === false
        ? trans.__('Clone to Mine…')
        : trans.__('Clone…'),
    paletteLabel: trans.__('Clone Environment…'),
    caption: trans.__(
      'Make an exact copy of this environment, your own files in it too'
    ),
    isEnabled: isWhole,
    execute: async environment => {
      const { cloneEnvironment } = await import('./shareactions');
      await cloneEnvironment(options, environment);
    }
  });
}

function addCompareCommand(options: IShareOptions): string {
  const { trans } = options;
  return addVerb(options, {
    id: CommandIDs.compare,
    label: trans.__('Compare…'),
    paletteLabel: trans.__('Compare Environment…'),
    caption: trans.__('Show how it differs from another one, or from a file'),
    isEnabled: ({ state }) => state === 'ready',
    execute: async environment => {
      const { compare } = await import('./shareactions');
      await compare(options, environment);
    }
  });
}

function addUpdateCommand(options: IShareOptions): string {
  const { trans } = options;
  return addVerb(options, {
    id: CommandIDs.updateFromFile,
    label: trans.__('Update from File…'),
    paletteLabel: trans.__('Update Environment from File…'),
    caption: trans.__('Install what a file names, such as environment.yml'),
    isEnabled: ({ state, unchangeable }) => state === 'ready' && !unchangeable,
    execute: async (environment, { path, prune }) => {
      const { updateFromFile } = await import('./shareactions');
      const named = typeof path === 'string' ? path : undefined;
      await updateFromFile(options, environment, named, prune === true);
    }
  });
}

function addPackCommand(options: IShareOptions): string {
  const { app, trans } = options;
  return addVerb(options, {
    id: CommandIDs.pack,
    label: trans.__('Pack…'),
    paletteLabel: trans.__('Pack Environment…'),
    caption: trans.__('Write it as an archive, for a machine without network'),
    isEnabled: ({ state, kind }) => state === 'ready' && kind !== 'venv',
    execute: ({ id }) =>
      app.commands.execute(CommandIDs.openEnvironment, {
        environment: id,
        tab: 'share'
      })
  });
}

/** The commands on the archive that a job has written, where the workspace has it. */
function addArchiveCommands({ app, model, trans }: IShareOptions): void {
  const { commands, serviceManager } = app;
  const pathOf = (args: Args) => {
    const file = model.job(String(args['job']))?.file;
    const root = model.get('status').data?.server_root ?? null;
    return file ? workspacePath(file, root) : null;
  };
  const describedBy = argument('job', trans.__('The id of the job'));
  commands.addCommand(CommandIDs.downloadArchive, {
    label: trans.__('Download Archive'),
    isVisible: args => pathOf(args) !== null,
    execute: async args => {
      const path = pathOf(args);
      if (path !== null) {
        downloadFrom(await serviceManager.contents.getDownloadUrl(path));
      }
    },
    describedBy
  });
  commands.addCommand(CommandIDs.showArchive, {
    label: trans.__('Show Archive in File Browser'),
    isVisible: args => pathOf(args) !== null && commands.hasCommand(GO_TO_PATH),
    execute: args => commands.execute(GO_TO_PATH, { path: pathOf(args) }),
    describedBy
  });
}
