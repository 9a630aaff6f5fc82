import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Environment, Job, Location } from '../_models';
import { formatBytes, formatCount, joinParts } from '../format';
import { RowGpuBadge, showsCheck } from '../gpu/gpubadge';
import { jobLine } from '../jobs/jobs';
import { Badge, Dot, IconButton, ProgressBar } from '../widgets/components';
import { Row, RowList } from '../widgets/rows';

/** What can be done with an environment. */
export interface IEnvironmentVerbs {
  /** Open its page. */
  open: (environment: Environment) => void;
  /** Remove it, after asking. */
  remove: (environment: Environment) => void;
  /** Show its menu below an element. */
  menu: (environment: Environment, anchor: HTMLElement) => void;
  /** Cancel the job that works on it. */
  cancel: (job: string) => void;
  /** Show the job that works on it. */
  showJob: (job: string) => void;
}

/** What the list of environments needs. */
export interface IEnvironmentListProps {
  /** The environments. */
  environments: Environment[];
  /** The folders they are in. */
  locations: Location[];
  /** The jobs. */
  jobs: Job[];
  /** What can be done. */
  verbs: IEnvironmentVerbs;
  /** What stays in view above them, with the filter. */
  notes?: React.ReactNode;
  /** Translates. */
  trans: TranslationBundle;
}

interface IGroup {
  path: string;
  location: Location | undefined;
  environments: Environment[];
}

/** The environments by location; locations first in the configured order. */
function groupByLocation(
  environments: Environment[],
  locations: Location[]
): IGroup[] {
  const groups = new Map<string, IGroup>();
  for (const location of locations) {
    groups.set(location.path, {
      path: location.path,
      location,
      environments: []
    });
  }
  for (const environment of environments) {
    const path = environment.location;
    const group = groups.get(path) ?? {
      path,
      location: undefined,
      environments: []
    };
    group.environments.push(environment);
    groups.set(path, group);
  }
  return [...groups.values()].filter(group => group.environments.length);
}

function matches(environment: Environment, filter: string): boolean {
  const text = [
    environment.name,
    environment.prefix,
    ...environment.languages.map(
      language => `${language.name} ${language.version}`
    ),
    ...environment.kernels
  ].join('\n');
  return text.toLowerCase().includes(filter.trim().toLowerCase());
}

/** The environments, by location, with a filter above them. */
export function EnvironmentList(props: IEnvironmentListProps): JSX.Element {
  const { environments, locations, notes, trans } = props;
  const [filter, setFilter] = React.useState('');
  const shown = environments.filter(environment =>
    matches(environment, filter)
  );
  return (
    <>
      <div className="jp-EnvManager-top">
        {notes}
        <div className="jp-EnvManager-filter">
          <input
            type="search"
            className="jp-EnvManager-input"
            aria-label={trans.__('Filter environments')}
            placeholder={trans.__('Filter by name or folder')}
            spellCheck={false}
            value={filter}
            onChange={event => setFilter(event.target.value)}
          />
        </div>
      </div>
      {groupByLocation(shown, locations).map(group => (
        <Group key={group.path} group={group} {...props} />
      ))}
      {!shown.length && (
        <div className="jp-EnvManager-empty" role="status">
          {trans.__('No environment matches “%1”.', filter)}
        </div>
      )}
    </>
  );
}

function Group(props: IEnvironmentListProps & { group: IGroup }): JSX.Element {
  const { group, trans } = props;
  const { location } = group;
  const label = location?.label || group.path;
  const readOnly = location?.writable === false;
  const name = readOnly ? trans.__('%1, read only', label) : label;
  const shared = location?.group
    ? trans.__('Shared with the group %1', location.group)
    : '';
  const free = location?.free ?? null;
  const files = location?.free_files ?? null;
  const title =
    free !== null && files !== null
      ? trans.__('%1 and %2 files free', formatBytes(free), formatCount(files))
      : undefined;
  return (
    <>
      <div className="jp-EnvManager-group">
        <span
          className="jp-EnvManager-groupName"
          title={[group.path, shared].filter(Boolean).join('\n')}
        >
          {label}
        </span>
        {readOnly && (
          <Badge title={shared || undefined}>{trans.__('read only')}</Badge>
        )}
        {free !== null && location?.writable && (
          <span className="jp-EnvManager-groupDetail" title={title}>
            {trans.__('%1 free', formatBytes(free))}
          </span>
        )}
      </div>
      <RowList label={name}>
        {group.environments.map(environment => (
          <EnvironmentRow
            key={environment.id}
            {...props}
            environment={environment}
            groupWritable={location?.writable ?? true}
          />
        ))}
      </RowList>
    </>
  );
}

/** `Python 3.11 · 142 packages · 5.3 GB` */
function detail(environment: Environment, trans: TranslationBundle): string {
  if (environment.state === 'broken') {
    return (
      environment.problem?.message ?? trans.__('This environment is broken.')
    );
  }
  const language = environment.languages[0];
  const version = environment.python ?? language?.version ?? '';
  const name = environment.python ? 'Python' : language?.name;
  return joinParts(
    name && `${name} ${version.split('.').slice(0, 2).join('.')}`,
    environment.kind === 'venv'
      ? trans.__('venv')
      : trans._n('%1 package', '%1 packages', environment.packages),
    environment.size !== null && formatBytes(environment.size)
  );
}

function dot(environment: Environment, trans: TranslationBundle): JSX.Element {
  if (environment.state === 'broken') {
    return <Dot kind="bad" label={trans.__('Broken')} />;
  }
  if (environment.state === 'building' || environment.job) {
    return <Dot kind="busy" label={trans.__('Working')} />;
  }
  return environment.kernels.length ? (
    <Dot kind="on" label={trans.__('Has a kernel')} />
  ) : (
    <Dot kind="off" label={trans.__('Has no kernel')} />
  );
}

/** At most two badges: what it can do, and the one thing that is not as usual. */
function Badges(props: {
  environment: Environment;
  readOnly: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { environment, readOnly, trans } = props;
  const { state, cuda, kernels } = environment;
  return (
    <span className="jp-EnvManager-badges">
      {state === 'broken' && (
        <Badge kind="error" title={environment.problem?.hint}>
          {trans.__('broken')}
        </Badge>
      )}
      <RowGpuBadge environment={environment} trans={trans} />
      {state !== 'broken' &&
        (environment.protected ? (
          <Badge title={environment.protected_reason}>
            {trans.__('protected')}
          </Badge>
        ) : readOnly ? (
          <Badge>{trans.__('read only')}</Badge>
        ) : (
          // Beside another badge there is no room; the dot says it as well.
          !kernels.length &&
          !cuda &&
          !showsCheck(environment) && <Badge>{trans.__('no kernel')}</Badge>
        ))}
    </span>
  );
}

function EnvironmentRow(
  props: IEnvironmentListProps & {
    environment: Environment;
    groupWritable: boolean;
  }
): JSX.Element {
  const { environment, groupWritable, jobs, verbs, trans } = props;
  const { name, prefix } = environment;
  const job = jobs.find(({ id }) => id === environment.job);
  const line = job
    ? jobLine(job, trans, null, jobs)
    : detail(environment, trans);
  return (
    <Row
      kind="env"
      id={environment.id}
      label={`${name}, ${line}`}
      onSelect={() => (job ? verbs.showJob(job.id) : verbs.open(environment))}
      onDelete={() => verbs.remove(environment)}
    >
      {dot(environment, trans)}
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-rowHead">
          <span className="jp-EnvManager-rowName" title={prefix}>
            {name}
          </span>
          {!job && (
            <Badges
              environment={environment}
              readOnly={!environment.writable && groupWritable}
              trans={trans}
            />
          )}
          {job ? (
            <IconButton
              icon={closeIcon}
              label={trans.__('Cancel: %1', job.title)}
              onClick={() => verbs.cancel(job.id)}
            />
          ) : (
            <IconButton
              icon={ellipsesIcon}
              label={trans.__('Actions for %1', name)}
              menu
              onClick={anchor => verbs.menu(environment, anchor)}
            />
          )}
        </div>
        <div className="jp-EnvManager-rowDetail" title={line}>
          {line}
        </div>
        {job?.state === 'running' && (
          <ProgressBar value={job.progress} label={job.title} />
        )}
      </div>
    </Row>
  );
}
