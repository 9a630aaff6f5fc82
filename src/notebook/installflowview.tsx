import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { GpuRemedy } from '../_models';
import { forChange } from '../environment/remedyitems';
import { jobLine } from '../jobs/jobs';
import { isActive } from '../jobs/jobstate';
import { Outcome } from '../jobs/jobview';
import { PlanView } from '../plan/planview';
import { Remedies } from '../plan/remedies';
import type { IJobSpeed } from '../tokens';
import {
  IconButton,
  LinkButton,
  Note,
  ProgressBar,
  TextButton
} from '../widgets/components';
import { changesInstalled, type InstallFlow } from './installflow';
import {
  environmentName,
  itemNames,
  markedParts,
  sentence
} from './installflowwords';

/** The code of the warning that kernels run in the environment. */
const KERNELS_RUNNING = 'kernels_running';

/** What the view of an install needs. */
export interface IInstallFlowProps {
  /** The install. */
  flow: InstallFlow;
  /** How fast its job downloads. */
  speed: IJobSpeed | null;
  /** Makes an environment for the notebook. */
  onCreate: () => void;
  /** Makes a copy of the environment, which can be changed; without it, that is not offered. */
  onClone?: () => void;
  /** Searches for packages in the environment's tab. */
  onSearch: () => void;
  /** Shows the install no more; without it, there is no button for that. */
  onDismiss?: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** An install, in a line or two: what is missing, what would change, how far it is, what is left to do. */
export function InstallFlowView(props: IInstallFlowProps): JSX.Element {
  const { flow, onDismiss, trans } = props;
  const node = React.useRef<HTMLDivElement>(null);
  const acted = React.useRef(false);
  React.useEffect(() => {
    // The button that was pressed is gone: the keyboard goes on with what has come in its place.
    const active = document.activeElement;
    const lost = !active || active === document.body || active === node.current;
    if (acted.current && lost) {
      const next = node.current?.querySelector<HTMLElement>(
        '.jp-EnvManager-button'
      );
      (next ?? node.current)?.focus();
    }
  }, [flow.step]);
  return (
    <div
      ref={node}
      className={`jp-EnvManager-flow jp-mod-${flow.step}`}
      role="region"
      aria-label={trans.__('Install packages')}
      tabIndex={-1}
      data-step={flow.step}
      onClickCapture={() => {
        acted.current = true;
      }}
    >
      <div className="jp-EnvManager-flowLine">
        <div className="jp-EnvManager-flowText" role="status">
          <Sentence text={sentence(flow, trans)} />
          <Detail {...props} />
        </div>
        <div className="jp-EnvManager-flowButtons">
          <Buttons {...props} />
          {onDismiss && (
            <IconButton
              icon={closeIcon}
              label={trans.__('Dismiss')}
              onClick={onDismiss}
            />
          )}
        </div>
      </div>
      <Trouble {...props} />
      {flow.step === 'plan' && <WholePlan {...props} />}
    </div>
  );
}

/** A sentence with the names in it set off. */
export function Sentence({ text }: { text: string }): JSX.Element {
  return (
    <span>
      {markedParts(text).map((part, index) =>
        index % 2 ? <b key={index}>{part}</b> : part
      )}
    </span>
  );
}

/** What there is to say below the sentence. */
function Detail({ flow, speed, trans }: IInstallFlowProps): JSX.Element | null {
  const { step, environment, job } = flow;
  if (step === 'working' && job && isActive(job)) {
    return (
      <>
        <ProgressBar
          value={job.state === 'running' ? job.progress : null}
          label={job.title}
        />
        <div className="jp-EnvManager-hint">{jobLine(job, trans, speed)}</div>
      </>
    );
  }
  const text =
    step === 'closed'
      ? (environment?.unchangeable ?? '')
      : step === 'absent'
        ? flow.reason
        : '';
  return text ? <div className="jp-EnvManager-hint">{text}</div> : null;
}

/** The way on from here. */
function Buttons(props: IInstallFlowProps): JSX.Element | null {
  const { flow, onCreate, onClone, onSearch, onDismiss, trans } = props;
  const primary = (text: string, onClick: () => void) => (
    <TextButton primary onClick={onClick}>
      {text}
    </TextButton>
  );
  const create = (
    <TextButton onClick={onCreate}>
      {trans.__('New environment for this notebook…')}
    </TextButton>
  );
  const restart = primary(
    flow.module
      ? trans.__('Restart and run this cell')
      : trans.__('Restart kernel'),
    () => void flow.restart()
  );
  const register = primary(
    trans.__('Register again'),
    () => void flow.register()
  );
  const search = (
    <TextButton onClick={onSearch}>{trans.__('Search packages')}</TextButton>
  );
  switch (flow.step) {
    case 'offer':
      return flow.problem ? null : (
        <TextButton onClick={() => void flow.preview()}>
          {offer(flow, trans)}
        </TextButton>
      );
    case 'absent':
      return flow.problem || !flow.environment ? null : search;
    case 'closed':
      return (
        <>
          {onClone && (
            <TextButton onClick={onClone}>
              {trans.__('Clone to Mine…')}
            </TextButton>
          )}
          {create}
        </>
      );
    case 'elsewhere':
      return flow.canRegister && !flow.problem ? register : null;
    case 'present':
      return flow.mayRestart ? restart : search;
    case 'plan':
      return (
        <>
          {flow.canAccept ? (
            // A plan that stops for the GPU's sake.
            <TextButton onClick={() => void flow.accept()}>
              {trans.__('Allow the CPU build')}
            </TextButton>
          ) : flow.plan?.actions.length ? (
            primary(trans.__('Install'), () => void flow.apply())
          ) : (
            flow.mayRestart && restart
          )}
          <TextButton onClick={() => flow.back()}>
            {trans.__('Cancel')}
          </TextButton>
        </>
      );
    case 'working':
      return (
        <TextButton onClick={() => void flow.cancel()}>
          {trans.__('Cancel')}
        </TextButton>
      );
    case 'restart':
      return (
        <>
          {restart}
          {onDismiss && (
            <TextButton onClick={onDismiss}>{trans.__('Later')}</TextButton>
          )}
        </>
      );
    default:
      return null;
  }
}

function offer(flow: InstallFlow, trans: TranslationBundle): string {
  return flow.module
    ? trans.__('Install %1', itemNames(flow))
    : trans.__('Install into %1', environmentName(flow));
}

/** What went wrong, and the ways out. */
function Trouble({ flow, trans }: IInstallFlowProps): JSX.Element | null {
  const { problem, job, step } = flow;
  const again = (
    <>
      {flow.canAccept && (
        <TextButton onClick={() => void flow.accept()}>
          {trans.__('Allow this and preview again')}
        </TextButton>
      )}
      {step !== 'working' && (
        <TextButton onClick={() => void flow.retry()}>
          {trans.__('Try again')}
        </TextButton>
      )}
    </>
  );
  if (problem) {
    return (
      <Note problem={problem} trans={trans}>
        <Remedies
          problem={forChange(problem)}
          onChoose={remedy => void flow.remedy(remedy)}
        />
        {again}
      </Note>
    );
  }
  if (step !== 'failed' || !job) {
    return null;
  }
  return (
    <div className="jp-EnvManager-flowOutcome">
      <Outcome job={job} trans={trans} />
      {again}
    </div>
  );
}

/** All of the plan, on demand; its warnings at once. */
function WholePlan({ flow, trans }: IInstallFlowProps): JSX.Element | null {
  const [open, setOpen] = React.useState(false);
  const { plan } = flow;
  if (!plan?.actions.length) {
    return null;
  }
  // The kernel that asks is one of those that run, and misses only what is taken away.
  const warnings = plan.warnings
    .filter(({ code }) => code !== KERNELS_RUNNING || changesInstalled(plan))
    .map(forChange);
  const stops = plan.gpu?.stop === true;
  const onRemedy = (remedy: GpuRemedy) => void flow.remedy(remedy);
  return (
    <div className="jp-EnvManager-flowPlan">
      {!open &&
        warnings.map((warning, index) => (
          <Note
            key={index}
            problem={warning}
            kind={stops && warning.code === 'cpu_build' ? 'error' : 'warning'}
          >
            <Remedies problem={warning} optional={!stops} onChoose={onRemedy} />
          </Note>
        ))}
      <LinkButton onClick={() => setOpen(!open)}>
        {open ? trans.__('Hide the plan') : trans.__('Show the whole plan')}
      </LinkButton>
      {open && (
        <PlanView
          plan={{ ...plan, warnings }}
          outdated={false}
          onRemedy={onRemedy}
          trans={trans}
        />
      )}
    </div>
  );
}
