import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Job } from '../_models';
import { formatAgo, formatBytes, formatSeconds, joinParts } from '../format';
import type { IJobSpeed } from '../tokens';
import { Dot, IconButton, ProgressBar } from '../widgets/components';
import { Row, RowList } from '../widgets/rows';
import { inOrder, isActive, isTesting } from './jobstate';

/** What a phase is called. */
export function phaseName(
  phase: Job['phase'],
  trans: TranslationBundle
): string {
  const names: Record<NonNullable<Job['phase']>, string> = {
    solve: trans.__('Solving'),
    download: trans.__('Downloading'),
    link: trans.__('Linking'),
    pypi: trans.__('Installing from PyPI'),
    verify: trans.__('Verifying'),
    swap: trans.__('Putting in place'),
    kernel: trans.__('Registering the kernel'),
    bytecode: trans.__('Compiling'),
    remove: trans.__('Removing'),
    pack: trans.__('Packing')
  };
  return phase ? names[phase] : '';
}

/** For whom a job waits that has not begun. */
function waitingLine(job: Job, trans: TranslationBundle, jobs: Job[]): string {
  if (job.waiting_for) {
    return trans.__('Waiting for %1', job.waiting_for);
  }
  if (job.state === 'waiting' && job.message) {
    return job.message;
  }
  const titles = jobs
    .filter(({ id, state }) => state === 'running' && id !== job.id)
    .map(({ title }) => title);
  return titles.length
    ? trans._n(
        'Waiting for %2',
        'Waiting for %1 other jobs: %2',
        titles.length,
        titles.join(', ')
      )
    : trans.__('Waiting for its turn');
}

/** Whether everything has come, and what came last is still being unpacked. */
function isDownloaded({ phase, bytes_done, bytes_total }: Job): boolean {
  return (
    phase === 'download' && !!bytes_total && (bytes_done ?? 0) >= bytes_total
  );
}

/** How far a job is, as numbers. */
function figure(job: Job, trans: TranslationBundle): string {
  if (
    job.phase === 'download' &&
    job.bytes_total !== null &&
    !isDownloaded(job)
  ) {
    return trans.__(
      '%1 of %2',
      formatBytes(job.bytes_done ?? 0),
      formatBytes(job.bytes_total)
    );
  }
  const percent = Math.round(job.progress * 100);
  return percent > 0 ? `${Math.min(100, percent)} %` : '';
}

/** What a job is doing or how it ended, in one line; with the other jobs it also names those it waits for. */
export function jobLine(
  job: Job,
  trans: TranslationBundle,
  speed: IJobSpeed | null,
  jobs: Job[] = []
): string {
  const rate = isDownloaded(job) ? null : speed;
  switch (job.state) {
    case 'queued':
    case 'waiting':
      return waitingLine(job, trans, jobs);
    case 'running':
      return joinParts(
        isDownloaded(job)
          ? trans.__('Unpacking')
          : phaseName(job.phase, trans) || trans.__('Starting'),
        // The figures first: a narrow row cuts the end.
        figure(job, trans),
        rate && trans.__('%1/s', formatBytes(rate.rate)),
        rate?.left !== null &&
          rate?.left !== undefined &&
          rate.left > 1.5 &&
          trans.__('about %1 left', formatSeconds(Math.ceil(rate.left))),
        job.message
      );
    case 'succeeded':
      return joinParts(
        isTesting(job)
          ? trans.__('Done, testing the kernel')
          : trans.__('Done'),
        job.finished !== null && formatAgo(job.finished, trans)
      );
    case 'failed':
      return job.error?.message.split('\n')[0] ?? trans.__('Failed');
    case 'cancelled':
      return joinParts(
        trans.__('Cancelled'),
        job.finished !== null && formatAgo(job.finished, trans)
      );
    case 'lost':
      return (
        job.error?.message.split('\n')[0] ??
        trans.__('Interrupted by a stop of the server')
      );
  }
}

/** What can be done with a job. */
export interface IJobVerbs {
  /** Show its progress and log. */
  open: (job: Job) => void;
  /** Cancel it. */
  cancel: (job: Job) => void;
}

/** What the list of jobs needs. */
export interface IJobListProps {
  /** The jobs. */
  jobs: Job[];
  /** How fast a job downloads. */
  speed: (id: string) => IJobSpeed | null;
  /** What can be done. */
  verbs: IJobVerbs;
  /** Translates. */
  trans: TranslationBundle;
}

/** The jobs: what is going on, what comes next, and what has happened. */
export function JobList(props: IJobListProps): JSX.Element {
  const { jobs, trans } = props;
  return (
    <RowList label={trans.__('Activity')}>
      {inOrder(jobs).map(job => (
        <JobRow key={job.id} job={job} {...props} />
      ))}
    </RowList>
  );
}

/** The colour of a job's dot. */
export function jobDot(job: Job): 'on' | 'off' | 'busy' | 'bad' {
  if (isActive(job)) {
    return 'busy';
  }
  if (job.state === 'succeeded') {
    return 'on';
  }
  return job.state === 'cancelled' ? 'off' : 'bad';
}

/** What a job's state is called. */
export function stateName(job: Job, trans: TranslationBundle): string {
  const names: Record<Job['state'], string> = {
    queued: trans.__('Queued'),
    waiting: trans.__('Waiting'),
    running: trans.__('Running'),
    succeeded: trans.__('Succeeded'),
    failed: trans.__('Failed'),
    cancelled: trans.__('Cancelled'),
    lost: trans.__('Interrupted')
  };
  return names[job.state];
}

function JobRow(props: IJobListProps & { job: Job }): JSX.Element {
  const { job, jobs, speed, verbs, trans } = props;
  const line = jobLine(job, trans, speed(job.id), jobs);
  const bad = job.state === 'failed' || job.state === 'lost';
  return (
    <Row
      kind="job"
      id={job.id}
      label={joinParts(job.title, stateName(job, trans), line)}
      onSelect={() => verbs.open(job)}
    >
      <Dot kind={jobDot(job)} label={stateName(job, trans)} />
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-rowHead">
          <span
            className="jp-EnvManager-rowName"
            title={`${job.title}\n${job.prefix}`}
          >
            {job.title}
          </span>
          {isActive(job) && (
            <IconButton
              icon={closeIcon}
              label={trans.__('Cancel: %1', job.title)}
              onClick={() => verbs.cancel(job)}
            />
          )}
        </div>
        <div
          className={`jp-EnvManager-rowDetail${bad ? ' jp-mod-error' : ''}`}
          title={line}
        >
          {line}
        </div>
        {job.state === 'running' && (
          <ProgressBar value={job.progress} label={job.title} />
        )}
      </div>
    </Row>
  );
}
