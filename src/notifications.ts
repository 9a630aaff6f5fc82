import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Job } from './_models';
import { baseName } from './format';
import type { Pages } from './pages';
import { CommandIDs, type IEnvManagerModel } from './tokens';

/** What notifications need. */
export interface IAnnounceOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** Says when a job has finished. */
  model: IEnvManagerModel;
  /** Translates. */
  trans: TranslationBundle;
  /** Say whether the user is looking at a job anyway. */
  pages: Pages;
}

/** Tell the user about jobs that finish while they look elsewhere. */
export function announceJobs(options: IAnnounceOptions): void {
  const { model, pages } = options;
  model.jobFinished.connect((_, job) => {
    if (pages.isVisible(job.id)) {
      return;
    }
    if (job.state === 'succeeded') {
      announceSuccess(options, job);
    } else if (job.state === 'failed' || job.state === 'lost') {
      announceFailure(options, job);
    }
  });
}

function announceSuccess({ app, trans }: IAnnounceOptions, job: Job): void {
  const name = baseName(job.prefix);
  const { kernel } = job;
  if (job.action === 'remove') {
    Notification.success(trans.__('Environment %1 is removed.', name), {
      autoClose: 4000
    });
    return;
  }
  Notification.success(trans.__('Environment %1 is ready.', name), {
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

function announceFailure({ trans, pages }: IAnnounceOptions, job: Job): void {
  const reason =
    job.error?.message.split('\n')[0] ?? trans.__('The job stopped.');
  Notification.error(trans.__('%1 failed: %2', job.title, reason), {
    autoClose: false,
    actions: [
      { label: trans.__('Show'), callback: () => void pages.openJob(job.id) }
    ]
  });
}
