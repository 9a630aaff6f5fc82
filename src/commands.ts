import { Clipboard } from '@jupyterlab/apputils';
import { terminalIcon } from '@jupyterlab/ui-components';

import type { Activation, Environment } from './_models';
import {
  type Args,
  argument,
  type ICommandOptions,
  target
} from './commandargs';
import { removalHindrance } from './environment/removing';
import { kernelActions } from './kernels/kernelcommands';
import { openNotebook } from './kernels/notebooks';
import { CommandIDs, type Topic } from './tokens';

/** Add the commands that work on environments. */
export function addEnvironmentCommands(options: ICommandOptions): void {
  const { app, model, trans } = options;
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
  // Where there is a kernel already, one more has to differ from it.
  const withOptions = (args: Args) =>
    typeof args['options'] === 'boolean'
      ? args['options']
      : Boolean(find(args)?.kernels.length);
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
        const { explainMissingKernel } = await import('./environment/actions');
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
    label: args =>
      withOptions(args) ? trans.__('Add Kernel…') : trans.__('Register Kernel'),
    caption: trans.__('Make this environment appear in the launcher'),
    isEnabled: args => {
      const environment = find(args);
      return environment?.state === 'ready' && environment.job === null;
    },
    execute: async args => {
      const environment = find(args);
      if (environment) {
        const actions = await kernelActions(options);
        await actions.register(environment, withOptions(args));
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
          options: {
            type: 'boolean',
            description: trans.__(
              'Whether to ask for its name, variables and logo; by default where there is a kernel already'
            )
          }
        }
      }
    }
  });

  commands.addCommand(CommandIDs.checkGpu, {
    label: trans.__('Check GPU'),
    caption: trans.__(
      'Ask the frameworks of this environment whether they see the GPU'
    ),
    isEnabled: args => find(args)?.state === 'ready',
    execute: async args => {
      const environment = find(args);
      if (environment) {
        await commands.execute(CommandIDs.openEnvironment, {
          environment: environment.id,
          tab: 'gpu',
          // One that runs is shown.
          check: environment.gpu !== 'running'
        });
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
      return (
        (environment && removalHindrance(environment, trans)) ||
        trans.__('Remove this environment and its kernels')
      );
    },
    // Executing it where it cannot be removed says why not.
    isEnabled: args => {
      const environment = find(args);
      return environment !== undefined && !removalHindrance(environment, trans);
    },
    execute: async args => {
      const environment = find(args);
      if (environment) {
        const { removeEnvironment } = await import('./environment/actions');
        await removeEnvironment(model, environment, trans);
      }
    },
    describedBy
  });
  addShellCommands(options);
}

/** Add the commands that use an environment outside notebooks. */
function addShellCommands({ app, model, trans }: ICommandOptions): void {
  const { commands, serviceManager } = app;
  const find = (args: Args): Environment | undefined => {
    const id = args['choose']
      ? undefined
      : target(app, args, 'environment', 'env');
    return id === undefined ? undefined : model.environment(id);
  };
  const isUsable = (environment: Environment | undefined) =>
    environment !== undefined && environment.state !== 'building';

  commands.addCommand(CommandIDs.openTerminal, {
    label: args =>
      find(args)
        ? trans.__('Open Terminal')
        : trans.__('Terminal in Environment…'),
    caption: trans.__('Open a terminal in which an environment is active'),
    icon: args => (find(args) ? undefined : terminalIcon),
    isEnabled: args => {
      const environment = find(args);
      return (
        serviceManager.terminals.isAvailable() &&
        (!environment || isUsable(environment))
      );
    },
    isVisible: () => serviceManager.terminals.isAvailable(),
    execute: async args => {
      let environment = find(args);
      if (!environment) {
        const { chooseEnvironment } = await import('./environment/actions');
        const id = await chooseEnvironment(
          model,
          trans,
          trans.__('Terminal in Environment')
        );
        environment = id === null ? undefined : model.environment(id);
      }
      if (environment) {
        const { openTerminal } = await import('./kernels/terminals');
        await openTerminal(app, model, environment, trans);
      }
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
          choose: {
            type: 'boolean',
            description: trans.__('Let the user choose the environment')
          }
        }
      }
    }
  });

  const copies: [string, keyof Activation, string, string][] = [
    [
      CommandIDs.copyActivation,
      'shell',
      trans.__('Copy Activation Lines'),
      trans.__('Copy the lines that activate this environment in a terminal')
    ],
    [
      CommandIDs.copyJobLines,
      'job',
      trans.__('Copy Job-Script Lines'),
      trans.__('Copy what a batch script needs to use this environment')
    ]
  ];
  for (const [id, part, label, caption] of copies) {
    commands.addCommand(id, {
      label,
      caption,
      isEnabled: args => isUsable(find(args)),
      execute: async args => {
        const environment = find(args);
        if (environment) {
          const { copyActivation } = await import('./kernels/terminals');
          await copyActivation(model, environment, part, trans);
        }
      },
      describedBy: argument(
        'environment',
        trans.__('The id of the environment')
      )
    });
  }
}

/** Add the commands that are about everything, and about jobs. */
export function addGeneralCommands({
  app,
  model,
  trans
}: ICommandOptions): void {
  const { commands, serviceManager } = app;
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Environments'),
    execute: async args => {
      const topics = (args['topics'] ?? []) as readonly Topic[];
      await Promise.all([
        model.refresh(...topics),
        // Launcher and kernel pickers show what JupyterLab itself knows.
        (!topics.length || topics.includes('kernels')) &&
          serviceManager.kernelspecs.refreshSpecs()
      ]);
    },
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
        const { cancelJob } = await import('./environment/actions');
        await cancelJob(model, id, trans);
      }
    },
    describedBy: argument('job', trans.__('The id of the job'))
  });
}
