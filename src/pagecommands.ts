import type { IDocumentManager } from '@jupyterlab/docmanager';

import { argument, target } from './commandargs';
import { type IPagesOptions, Pages } from './create/pages';
import { EnvironmentPages } from './environment/environmentpages';
import { isInside } from './jobs/jobstate';
import { announceJobs } from './jobs/notifications';
import { isInstallShown } from './notebook/installflowwatch';
import { CommandIDs } from './tokens';
import { environmentIcon } from './widgets/icons';

/** Add the commands that open pages, and tell about jobs that no page shows. */
export function addPageCommands(
  options: IPagesOptions,
  documents: IDocumentManager | null
): void {
  const { app, model } = options;
  addCreateCommand(options, args => pages.openForm(args));
  const openEnvironment = (args: Args) => {
    // Whoever looks at the environment needs no news of it in front of its buttons.
    dismiss(String(args['environment']));
    return environments.open(args);
  };
  addEnvironmentCommand(options, openEnvironment);
  addJobCommand(options, id => {
    const job = model.job(id);
    if (!job || !isInside(job) || !model.environment(job.environment)) {
      return pages.openJob(id);
    }
    const { environment, action } = job;
    return openEnvironment(
      action === 'pack'
        ? { environment, tab: 'share' }
        : { environment, job: id }
    );
  });
  // Bringing pages back after a reload takes the commands above.
  const pages = new Pages(options);
  const environments = new EnvironmentPages(options, documents);
  const dismiss = announceJobs({
    app,
    model,
    trans: options.trans,
    isVisible: ({ id, environment }) =>
      pages.isVisible(id) ||
      environments.isVisible(environment) ||
      isInstallShown(environment)
  });
}

type Open<T> = (args: T) => Promise<unknown>;
type Args = Parameters<EnvironmentPages['open']>[0];

function addCreateCommand(
  { app, trans }: IPagesOptions,
  open: Open<Args>
): void {
  app.commands.addCommand(CommandIDs.create, {
    label: trans.__('New Environment'),
    caption: trans.__('Make an environment, with a kernel'),
    icon: environmentIcon,
    execute: open,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          job: {
            type: 'string',
            description: trans.__('The id of a job to show instead of the form')
          },
          values: {
            type: 'object',
            description: trans.__('What the form holds at first')
          },
          template: {
            type: 'string',
            description: trans.__('The name of a template to start from')
          }
        }
      }
    }
  });
}

function addEnvironmentCommand(
  { app, model, trans }: IPagesOptions,
  open: Open<Args>
): void {
  app.commands.addCommand(CommandIDs.openEnvironment, {
    label: args =>
      args['isPalette'] ? trans.__('Open Environment…') : trans.__('Open'),
    caption: trans.__(
      'Show packages, kernels, history and GPU of this environment'
    ),
    execute: async args => {
      let environment: string | null | undefined = target(
        app,
        args,
        'environment',
        'env'
      );
      if (environment === undefined) {
        const { chooseEnvironment } = await import('./environment/actions');
        environment = await chooseEnvironment(model, trans);
      }
      return environment ? open({ ...args, environment }) : undefined;
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
          tab: {
            type: 'string',
            description: trans.__(
              'The tab to show: packages, kernels, history, gpu or share'
            )
          },
          job: {
            type: 'string',
            description: trans.__('The id of a job to show at the foot')
          },
          check: {
            type: 'boolean',
            description: trans.__('Whether to check the GPU there')
          },
          search: {
            type: 'string',
            description: trans.__('A package to search for')
          },
          items: {
            type: 'array',
            description: trans.__('What to ask for')
          },
          preview: {
            type: 'boolean',
            description: trans.__('Whether to show at once what that does')
          }
        }
      }
    }
  });
}

function addJobCommand(
  { app, trans }: IPagesOptions,
  open: Open<string>
): void {
  app.commands.addCommand(CommandIDs.openJob, {
    label: trans.__('Show Progress and Log'),
    execute: args => {
      const job = target(app, args, 'job', 'job');
      return job === undefined ? undefined : open(job);
    },
    describedBy: argument('job', trans.__('The id of the job'))
  });
}
