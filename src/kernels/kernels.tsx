import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon, runIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Kernel, KernelProblem } from '../_models';
import { formatAgo, formatSeconds, joinParts } from '../format';
import {
  Badge,
  classes,
  Dot,
  IconButton,
  LinkButton
} from '../widgets/components';
import { Row, RowList } from '../widgets/rows';
import { KernelLogo } from './kernellogo';
import {
  canRemedy,
  canStart,
  isDoubtful,
  problemWords,
  remedyLabel,
  remedyWord,
  shortMessage
} from './kernelproblems';

/** What can be done with a kernel. */
export interface IKernelVerbs {
  /** Open a notebook with it. */
  open: (kernel: Kernel) => void;
  /** Show what its last test start has found. */
  explain: (kernel: Kernel) => void;
  /** Start it once and see whether it answers. */
  check: (kernel: Kernel) => void;
  /** Remove it, after asking. */
  remove: (kernel: Kernel) => void;
  /** Put a problem right. */
  remedy: (kernel: Kernel, problem: KernelProblem) => void;
  /** Show its menu below an element. */
  menu: (kernel: Kernel, anchor: HTMLElement) => void;
}

/** What the list of kernels needs. */
export interface IKernelListProps {
  /** The kernels. */
  kernels: Kernel[];
  /** The name of an environment. */
  environmentName: (id: string) => string | undefined;
  /** The address of a kernel's logo. */
  logo: (name: string) => string | null;
  /** Whether a kernel is being tested now. */
  isChecking: (name: string) => boolean;
  /** What can be done; the same object at each rendering. */
  verbs: IKernelVerbs;
  /** Translates. */
  trans: TranslationBundle;
}

/** The kernels, each with its environment. */
export function KernelList(props: IKernelListProps): JSX.Element {
  const { kernels, environmentName, logo, isChecking, verbs, trans } = props;
  return (
    <RowList label={trans.__('Kernels')}>
      {kernels.map(kernel => (
        <KernelRow
          key={kernel.name}
          kernel={kernel}
          logo={logo(kernel.name)}
          runsIn={
            (kernel.environment && environmentName(kernel.environment)) || ''
          }
          checking={isChecking(kernel.name)}
          verbs={verbs}
          trans={trans}
        />
      ))}
    </RowList>
  );
}

/** What a kernel's test start said, in one line. */
export function checkLine(
  kernel: Kernel,
  checking: boolean,
  trans: TranslationBundle
): string {
  const { check } = kernel;
  if (checking || check?.state === 'running' || check?.state === 'pending') {
    return trans.__('Test start under way…');
  }
  if (check?.state === 'failed') {
    return check.problem
      ? shortMessage(kernel, check.problem).split('\n')[0]
      : trans.__('Did not start');
  }
  if (check?.state === 'passed') {
    return joinParts(
      check.seconds !== null &&
        trans.__('Answered in %1', formatSeconds(check.seconds)),
      check.time !== null && formatAgo(check.time, trans)
    );
  }
  return '';
}

interface IKernelRowProps {
  kernel: Kernel;
  logo: string | null;
  runsIn: string;
  checking: boolean;
  verbs: IKernelVerbs;
  trans: TranslationBundle;
}

/** A kernel; drawn again only when something about it has changed, as there may be hundreds. */
const KernelRow = React.memo((props: IKernelRowProps): JSX.Element => {
  const { kernel, logo, runsIn, checking, verbs, trans } = props;
  const { display_name: name, problems } = kernel;
  const failed = kernel.check?.state === 'failed' && !checking;
  const check = checkLine(kernel, checking, trans);
  // Most kernels are called like their environment: once is enough.
  const environment = runsIn === name && check ? '' : runsIn;
  const broken = !canStart(kernel);
  return (
    <Row
      kind="kernel"
      id={kernel.name}
      label={joinParts(name, environment, problems[0]?.message ?? check)}
      onOpen={broken || failed ? undefined : () => verbs.open(kernel)}
      onSelect={failed && !broken ? () => verbs.explain(kernel) : undefined}
      onDelete={() => verbs.remove(kernel)}
    >
      <span className="jp-EnvManager-logoBox">
        <KernelLogo url={logo} name={name} />
        <State {...props} broken={broken} failed={failed} />
      </span>
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-rowHead">
          <span className="jp-EnvManager-rowName" title={kernel.path}>
            {name}
          </span>
          {kernel.scope === 'group' && (
            <Badge title={trans.__('The whole group has it in its launcher.')}>
              {trans.__('group')}
            </Badge>
          )}
          {!broken && (
            <IconButton
              icon={runIcon}
              label={trans.__('Test start %1', name)}
              disabled={checking}
              onClick={() => verbs.check(kernel)}
            />
          )}
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('Actions for kernel %1', name)}
            menu
            onClick={anchor => verbs.menu(kernel, anchor)}
          />
        </div>
        {!broken && (environment || check) && (
          <CheckLine
            {...props}
            failed={failed}
            check={check}
            environment={environment}
          />
        )}
        {problems.length > 0 && (
          <ProblemLine kernel={kernel} verbs={verbs} trans={trans} />
        )}
      </div>
    </Row>
  );
}, isSame);

/** The verbs do the same for the same kernel, and the kernels of an answer are new objects each time. */
function isSame(one: IKernelRowProps, other: IKernelRowProps): boolean {
  return (
    one.logo === other.logo &&
    one.runsIn === other.runsIn &&
    one.checking === other.checking &&
    one.verbs === other.verbs &&
    (one.kernel === other.kernel ||
      JSON.stringify(one.kernel) === JSON.stringify(other.kernel)) &&
    // “2 min ago” goes on.
    one.kernel.check === null
  );
}

/** A mark on the logo where not all is well. */
function State(
  props: IKernelRowProps & { broken: boolean; failed: boolean }
): JSX.Element | null {
  const { kernel, broken, failed, checking, trans } = props;
  if (broken) {
    return <Dot kind="bad" label={trans.__('Cannot start')} />;
  }
  if (failed && isDoubtful(kernel.check!)) {
    return (
      <Dot kind="warning" label={trans.__('Starts, but not as it should')} />
    );
  }
  if (failed) {
    return <Dot kind="bad" label={trans.__('Did not answer')} />;
  }
  return checking ? (
    <Dot kind="busy" label={trans.__('Test start under way…')} />
  ) : null;
}

/** The environment, and how the last test start went. */
function CheckLine(
  props: IKernelRowProps & {
    failed: boolean;
    check: string;
    environment: string;
  }
): JSX.Element {
  const { kernel, verbs, failed, check, environment, checking, trans } = props;
  const line = joinParts(
    ...(failed ? [check, environment] : [environment, check])
  );
  const done = kernel.check?.state === 'passed' && !checking;
  return (
    <div
      className={classes(
        'jp-EnvManager-rowDetail',
        failed &&
          (isDoubtful(kernel.check!) ? 'jp-mod-warning' : 'jp-mod-error')
      )}
      title={(failed && kernel.check?.problem?.message) || line}
    >
      {done ? (
        <>
          {environment && `${environment} · `}
          <LinkButton
            label={trans.__('%1: details', check)}
            onClick={() => verbs.explain(kernel)}
          >
            {check}
          </LinkButton>
        </>
      ) : (
        line
      )}
    </div>
  );
}

/** What is wrong, and the button that puts it right. */
function ProblemLine(props: {
  kernel: Kernel;
  verbs: IKernelVerbs;
  trans: TranslationBundle;
}): JSX.Element {
  const { kernel, verbs, trans } = props;
  const [problem, ...more] = kernel.problems;
  const message = shortMessage(kernel, problem);
  return (
    <div className="jp-EnvManager-rowDetail jp-mod-warning jp-EnvManager-kernelProblem">
      <span
        className="jp-EnvManager-kernelProblemText"
        title={problemWords(kernel)}
      >
        {more.length
          ? trans.__('%1 (and %2 more)', message, String(more.length))
          : message}
      </span>
      {canRemedy(kernel, problem) && (
        <span
          className="jp-EnvManager-kernelRemedy"
          title={remedyLabel(problem, trans)}
        >
          <LinkButton
            label={`${remedyLabel(problem, trans)}: ${kernel.display_name}`}
            onClick={() => verbs.remedy(kernel, problem)}
          >
            {remedyWord(problem, trans)}
          </LinkButton>
        </span>
      )}
    </div>
  );
}
