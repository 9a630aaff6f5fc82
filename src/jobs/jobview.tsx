import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { Job, JobEvent, KernelCheck } from '../_models';
import { baseName, formatBytes, formatSeconds, joinParts } from '../format';
import { CommandIDs, type IJobSpeed } from '../tokens';
import { Dot, Note, ProgressBar, TextButton } from '../widgets/components';
import { ArchiveLine } from './archiveline';
import { jobDot, jobLine, phaseName, stateName } from './jobs';
import { isActive } from './jobstate';
import type { IWaitingNotebook } from './waiting';

/** What the view of a job needs. */
export interface IJobViewProps {
  /** The job. */
  job: Job;
  /** Its log so far. */
  events: JobEvent[];
  /** How fast it downloads. */
  speed: IJobSpeed | null;
  /** The notebook that will run in what comes of it. */
  notebook?: IWaitingNotebook | null;
  /** Cancels it. */
  onCancel: () => void;
  /** Opens a notebook with its kernel. */
  onOpenNotebook: (kernel: string) => void;
  /** Goes back to the form; absent when there is nothing to go back to. */
  onEdit?: () => void;
  /** Opens an empty form. */
  onNew: () => void;
  /** The commands that work on what the job has written. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

/** A job: what it does now, how it ended, what to do next, and its log. */
export function JobView(props: IJobViewProps): JSX.Element {
  const { job, notebook, speed, commands, trans } = props;
  return (
    <div className="jp-EnvManager-job-page" data-job-state={job.state}>
      <h1 className="jp-EnvManager-title">{headline(job, trans)}</h1>
      <div className="jp-EnvManager-path">{job.prefix}</div>
      {isActive(job) ? (
        <div className="jp-EnvManager-progress">
          {job.state === 'running' && (
            <ProgressBar value={job.progress} label={job.title} />
          )}
          <div className="jp-EnvManager-progressLine" role="status">
            {jobLine(job, trans, speed)}
          </div>
          {notebook && (
            <div className="jp-EnvManager-hint">
              {trans.__('%1 will run in it.', notebook.name)}
            </div>
          )}
        </div>
      ) : (
        <Outcome job={job} commands={commands} trans={trans} />
      )}
      <Buttons {...props} />
      <Log {...props} />
    </div>
  );
}

function headline(job: Job, trans: TranslationBundle): string {
  const name = baseName(job.prefix);
  if (job.action === 'create' && job.state === 'succeeded') {
    return trans.__('Environment %1 is ready', name);
  }
  if (job.action === 'remove' && job.state === 'succeeded') {
    return trans.__('Environment %1 is removed', name);
  }
  if (job.action === 'change' && job.state === 'succeeded') {
    return trans.__('Environment %1 is changed', name);
  }
  if (job.action === 'rollback' && job.state === 'succeeded') {
    return trans.__('Environment %1 is another generation now', name);
  }
  if (job.action === 'pack' && job.state === 'succeeded') {
    return trans.__('Environment %1 is packed', name);
  }
  if (job.action === 'create' && isActive(job)) {
    return trans.__('Creating %1', name);
  }
  if (job.action === 'remove' && isActive(job)) {
    return trans.__('Removing %1', name);
  }
  return trans.__('%1: %2', job.title, stateName(job, trans));
}

/** How a job has ended. */
export function Outcome(props: {
  job: Job;
  commands?: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { job, commands, trans } = props;
  if (job.error) {
    return <Note problem={job.error} trans={trans} />;
  }
  if (job.state === 'cancelled') {
    return (
      <p className="jp-EnvManager-outcome">
        <Dot kind="off" label={stateName(job, trans)} />
        {trans.__('Cancelled. Nothing was changed.')}
      </p>
    );
  }
  if (job.state !== 'succeeded') {
    return (
      <p className="jp-EnvManager-outcome">
        <Dot kind="bad" label={stateName(job, trans)} />
        {jobLine(job, trans, null)}
      </p>
    );
  }
  const seconds =
    job.finished !== null && job.started !== null
      ? job.finished - job.started
      : null;
  return (
    <>
      {seconds !== null && (
        <p className="jp-EnvManager-outcome">
          <Dot kind={jobDot(job)} label={stateName(job, trans)} />
          {trans.__('Done in %1.', formatSeconds(seconds))}
        </p>
      )}
      {commands && <ArchiveLine job={job} commands={commands} trans={trans} />}
      {job.kernel && (
        <CheckLine check={job.check} aftercare={job.aftercare} trans={trans} />
      )}
    </>
  );
}

function CheckLine(props: {
  check: KernelCheck | null;
  aftercare: boolean;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { check, aftercare, trans } = props;
  if (check?.state === 'failed') {
    return check.problem ? (
      <Note problem={check.problem} kind="warning" trans={trans} />
    ) : (
      <p className="jp-EnvManager-outcome">
        <Dot kind="bad" label={trans.__('Failed')} />
        {trans.__('The kernel did not answer.')}
      </p>
    );
  }
  if (check?.state === 'passed') {
    return (
      <p className="jp-EnvManager-outcome" role="status">
        <Dot kind="on" label={trans.__('Passed')} />
        {check.seconds === null
          ? trans.__('Kernel answered.')
          : trans.__('Kernel answered in %1.', formatSeconds(check.seconds))}
      </p>
    );
  }
  if (!check && !aftercare) {
    return null;
  }
  return (
    <p className="jp-EnvManager-outcome" role="status">
      <Dot kind="busy" label={trans.__('Running')} />
      {trans.__('Testing the kernel; you need not wait for it.')}
    </p>
  );
}

function Buttons(props: IJobViewProps): JSX.Element {
  const { job, notebook, trans, onCancel, onOpenNotebook, onEdit, onNew } =
    props;
  const { kernel, environment } = job;
  const done = job.state === 'succeeded';
  return (
    <div className="jp-EnvManager-buttons">
      {isActive(job) && (
        <TextButton onClick={onCancel}>{trans.__('Cancel')}</TextButton>
      )}
      {done && job.action === 'create' && kernel && (
        <TextButton
          primary
          onClick={() => (notebook ? notebook.show() : onOpenNotebook(kernel))}
        >
          {notebook
            ? trans.__('Back to %1', notebook.name)
            : trans.__('Open notebook')}
        </TextButton>
      )}
      {done && job.action === 'create' && (
        <TextButton
          primary={!kernel}
          onClick={() =>
            void props.commands.execute(CommandIDs.openEnvironment, {
              environment
            })
          }
        >
          {trans.__('Open environment')}
        </TextButton>
      )}
      {!isActive(job) && !done && onEdit && (
        <TextButton primary onClick={onEdit}>
          {trans.__('Edit and try again')}
        </TextButton>
      )}
      {!isActive(job) && (done || !onEdit) && (
        <TextButton onClick={onNew}>{trans.__('New environment')}</TextButton>
      )}
    </div>
  );
}

/** The log of a job, open where it tells why the job has failed. */
export function Log({
  job,
  events,
  trans
}: Pick<IJobViewProps, 'job' | 'events' | 'trans'>): JSX.Element | null {
  const [open, setOpen] = React.useState(
    job.state === 'failed' || job.state === 'lost'
  );
  const end = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (open && isActive(job)) {
      end.current?.scrollTo({ top: end.current.scrollHeight });
    }
  }, [events.length, open]);
  if (!events.length) {
    return null;
  }
  return (
    <details
      className="jp-EnvManager-log"
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        {trans._n('Log (%1 line)', 'Log (%1 lines)', events.length)}
      </summary>
      <div
        ref={end}
        className="jp-EnvManager-logLines"
        role="log"
        aria-label={trans.__('Log')}
        tabIndex={0}
      >
        {events.map(event => (
          <div key={event.seq} className="jp-EnvManager-logLine">
            <span className="jp-EnvManager-logTime">{clock(event.time)}</span>
            <span className="jp-EnvManager-logPhase">
              {phaseName(event.phase, trans)}
            </span>
            <span className="jp-EnvManager-logMessage">
              {joinParts(
                event.message,
                event.bytes !== null &&
                  event.bytes_total !== null &&
                  trans.__(
                    '%1 of %2',
                    formatBytes(event.bytes),
                    formatBytes(event.bytes_total)
                  )
              )}
            </span>
          </div>
        ))}
      </div>
    </details>
  );
}

function clock(time: number): string {
  return new Date(time * 1000).toTimeString().slice(0, 8);
}
