import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Job } from '../_models';
import { baseName } from '../format';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { isInside } from './jobstate';
import { waitingFor } from './waiting';

/** What notifications need. */
export interface IAnnounceOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** Says when a job has finished. */
  model: IEnvManagerModel;
  /** Translates. */
  trans: TranslationBundle;
  /** Whether the user is looking at a job anyway. */
  isVisible: (job: Job) => boolean;
}

/** Tell the user about jobs that finish while they look elsewhere; gives what takes back the news of an environment. */
export function announceJobs(
  options: IAnnounceOptions
): (environment: string) => void {
  const { model, isVisible } = options;
  const news = new Map<string, string>();
  model.jobFinished.connect((_, job) => {
    // The notebook that an environment was made for says more: that it runs there now.
    const told = job.kernel && job.state === 'succeeded' && waitingFor(job.id);
    if (isVisible(job) || told) {
      return;
    }
    if (job.state === 'succeeded') {
      news.set(job.environment, announceSuccess(options, job));
    } else if (job.state === 'failed' || job.state === 'lost') {
      news.set(job.environment, announceFailure(options, job));
    }
  });
  return environment => {
    const id = news.get(environment);
    if (news.delete(environment)) {
      Notification.dismiss(id);
    }
  };
}

function announceSuccess({ app, trans }: IAnnounceOptions, job: Job): string {
  const name = baseName(job.prefix);
  const { kernel } = job;
  if (job.action === 'remove') {
    return Notification.success(trans.__('Environment %1 is removed.', name), {
      autoClose: 4000
    });
  }
  if (isInside(job)) {
    return Notification.success(trans.__('%1: done', job.title), {
      autoClose: 8000,
      actions: [showButton(app, job, trans)]
    });
  }
  return Notification.success(trans.__('Environment %1 is ready.', name), {
    autoClose: 15000,
    actions: kernel
      ? [
          {
            label: trans.__('Open notebook'),
            displayType: 'accent',
            callback: () =>
              void app.commands.execute(CommandIDs.openNotebook, { kernel })
          }
        ]
      : []
  });
}

function announceFailure({ app, trans }: IAnnounceOptions, job: Job): string {
  const reason =
    job.error?.message.split('\n')[0] ?? trans.__('The job stopped.');
  return Notification.error(trans.__('%1 failed: %2', job.title, reason), {
    autoClose: false,
    actions: [showButton(app, job, trans)]
  });
}

function showButton(
  app: JupyterFrontEnd,
  job: Job,
  trans: TranslationBundle
): Notification.IAction {
  return {
    label: trans.__('Show'),
    callback: () =>
      void app.commands.execute(CommandIDs.openJob, { job: job.id })
  };
}
