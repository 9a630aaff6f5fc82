import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type {
  ReadonlyJSONObject,
  ReadonlyPartialJSONObject
} from '@lumino/coreutils';

import type { Environment, Kernel } from './_models';
import { openNotebook } from './notebooks';
import { CommandIDs, type IEnvManagerModel, type Topic } from './tokens';

/** What the commands need. */
export interface ICommandOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** Translates. */
  trans: TranslationBundle;
}

type Args = ReadonlyPartialJSONObject;

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

/** Add the commands that work on environments. */
export function addEnvironmentCommands({
  app,
  model,
  trans
}: ICommandOptions): void {
  const { commands, serviceManager } = app;
  const find = (args: Args): Environment | undefined => {
    const id = target(app, args, 'environment', 'env');
    return id === undefined ? undefined : model.environment(id);
  };
  const kernelOf = (args: Args): string | undefined => {
    const kernel = args['kernel'];
    if (typeof kernel === 'string') {
      return kernel;
    }
    return find(args)?.kernels[0] ?? target(app, args, 'kernel', 'kernel');
  };
  const describedBy = argument(
    'environment',
    trans.__('The id of the environment')
  );

  commands.addCommand(CommandIDs.openNotebook, {
    label: trans.__('Open Notebook'),
    caption: trans.__(
      'Open a new notebook with the kernel of this environment'
    ),
    isEnabled: args => {
      const kernel = kernelOf(args);
      return kernel !== undefined && !model.kernel(kernel)?.orphan;
    },
    execute: async args => {
      const kernel = kernelOf(args);
      const specs = serviceManager.kernelspecs;
      if (kernel && !(await openNotebook(commands, specs, kernel))) {
        const { explainMissingKernel } = await import('./actions');
        await explainMissingKernel(kernel, trans);
      }
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          environment: {
            type: 'string',
            description: trans.__('The id of the environment')
          },
          kernel: {
            type: 'string',
            description: trans.__(
              'The name of the kernel, instead of an environment'
            )
          }
        }
      }
    }
  });

  commands.addCommand(CommandIDs.registerKernel, {
    label: trans.__('Register Kernel'),
    caption: trans.__('Make this environment appear in the launcher'),
    isEnabled: args => {
      const environment = find(args);
      return environment?.state === 'ready' && environment.job === null;
    },
    isVisible: args => !find(args)?.kernels.length,
    execute: async args => {
      const environment = find(args);
      if (environment) {
        const { registerKernel } = await import('./actions');
        await registerKernel(model, environment, trans);
      }
    },
    describedBy
  });

  commands.addCommand(CommandIDs.copyPath, {
    label: trans.__('Copy Path'),
    caption: trans.__('Copy the folder of this environment'),
    isEnabled: args => find(args) !== undefined,
    execute: args => Clipboard.copyToSystem(find(args)?.prefix ?? ''),
    describedBy
  });

  commands.addCommand(CommandIDs.remove, {
    label: trans.__('Remove…'),
    caption: args => {
      const environment = find(args);
      return environment?.protected
        ? environment.protected_reason
        : trans.__('Remove this environment and its kernels');
    },
    // Executing it for a protected environment says why not.
    isEnabled: args => find(args)?.protected === false,
    execute: async args => {
      const environment = find(args);
      if (environment) {
        const { removeEnvironment } = await import('./actions');
        await removeEnvironment(model, environment, trans);
      }
    },
    describedBy
  });
}

/** Add the commands that work on kernels. */
export function addKernelCommands({
  app,
  model,
  trans
}: ICommandOptions): void {
  const { commands } = app;
  const find = (args: Args): Kernel | undefined => {
    const name = target(app, args, 'kernel', 'kernel');
    return name === undefined ? undefined : model.kernel(name);
  };
  const describedBy = argument('kernel', trans.__('The name of the kernel'));

  commands.addCommand(CommandIDs.checkKernel, {
    label: trans.__('Test Start'),
    caption: trans.__('Start this kernel once and see whether it answers'),
    isEnabled: args => {
      const kernel = find(args);
      return (
        kernel !== undefined && !kernel.orphan && !model.isChecking(kernel.name)
      );
    },
    execute: async args => {
      const kernel = find(args);
      if (kernel) {
        const { checkKernel } = await import('./actions');
        await checkKernel(model, kernel, trans);
      }
    },
    describedBy
  });

  commands.addCommand(CommandIDs.copyKernelPath, {
    label: trans.__('Copy Path'),
    caption: trans.__('Copy the folder of this kernelspec'),
    isEnabled: args => find(args) !== undefined,
    execute: args => Clipboard.copyToSystem(find(args)?.path ?? ''),
    describedBy
  });

  commands.addCommand(CommandIDs.removeKernel, {
    label: trans.__('Remove Kernel…'),
    caption: trans.__('Delete this kernelspec; its environment stays'),
    isEnabled: args => {
      const kernel = find(args);
      return (
        kernel !== undefined &&
        kernel.writable &&
        (kernel.stamped || kernel.orphan)
      );
    },
    execute: async args => {
      const kernel = find(args);
      if (kernel) {
        const { removeKernel } = await import('./actions');
        await removeKernel(model, kernel, trans);
      }
    },
    describedBy
  });
}

/** Add the commands that are about everything, and about jobs. */
export function addGeneralCommands({
  app,
  model,
  trans
}: ICommandOptions): void {
  const { commands } = app;
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Environments'),
    execute: args =>
      model.refresh(...((args['topics'] ?? []) as readonly Topic[])),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          topics: {
            type: 'array',
            items: { type: 'string' },
            description: trans.__(
              'What to read again: status, environments, kernels, gpus, jobs'
            )
          }
        }
      }
    }
  });
  commands.addCommand(CommandIDs.cancelJob, {
    label: trans.__('Cancel'),
    isEnabled: args => {
      const id = target(app, args, 'job', 'job');
      const state = id === undefined ? undefined : model.job(id)?.state;
      return (
        state !== undefined && ['queued', 'waiting', 'running'].includes(state)
      );
    },
    execute: async args => {
      const id = target(app, args, 'job', 'job');
      if (id !== undefined) {
        const { cancelJob } = await import('./actions');
        await cancelJob(model, id, trans);
      }
    },
    describedBy: argument('job', trans.__('The id of the job'))
  });
}
