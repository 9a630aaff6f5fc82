import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Job, JobEvent } from '../_models';
import type { IJobSpeed } from '../tokens';
import { IconButton, ProgressBar, TextButton } from '../widgets/components';
import { jobLine } from './jobs';
import { isActive } from './jobstate';
import { Log, Outcome } from './jobview';

/** What the strip of a job needs. */
export interface IJobStripProps {
  /** The job. */
  job: Job;
  /** Its log so far. */
  events: JobEvent[];
  /** How fast it downloads. */
  speed: IJobSpeed | null;
  /** Cancels it. */
  onCancel: () => void;
  /** Shows it no more. */
  onDismiss: () => void;
  /** The commands that work on what it has written. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

/** A job at the foot of its environment's page: what it does now, or how it ended. */
export function JobStrip(props: IJobStripProps): JSX.Element {
  const { job, events, speed, onCancel, onDismiss, commands, trans } = props;
  const active = isActive(job);
  return (
    <section
      className="jp-EnvManager-jobStrip"
      aria-label={trans.__('Job')}
      data-job-state={job.state}
    >
      <div className="jp-EnvManager-jobHead">
        <b className="jp-EnvManager-jobTitle">{job.title}</b>
        {active && (
          <span className="jp-EnvManager-jobLine" role="status">
            {jobLine(job, trans, speed)}
          </span>
        )}
        {active ? (
          <TextButton onClick={onCancel}>{trans.__('Cancel')}</TextButton>
        ) : (
          <IconButton
            icon={closeIcon}
            label={trans.__('Dismiss')}
            onClick={onDismiss}
          />
        )}
      </div>
      {active ? (
        <ProgressBar
          value={job.state === 'running' ? job.progress : null}
          label={job.title}
        />
      ) : (
        <Outcome job={job} commands={commands} trans={trans} />
      )}
      <Log key={job.id} job={job} events={events} trans={trans} />
    </section>
  );
}
