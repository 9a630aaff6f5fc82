import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type {
  GpuBuild,
  GpuRemedy,
  Plan,
  PlanAction,
  Problem
} from '../_models';
import { formatBytes, formatSeconds, joinParts } from '../format';
import { BuildBadge } from '../gpu/gpubadge';
import { classes, LinkButton, Note } from '../widgets/components';
import { countWords, origin } from './installed';
import { buildOf, isLookedFor, isSaid, targetWords } from './plangpu';
import { Remedies } from './remedies';
import { SETS_VARIABLES, VariableLines } from './variablelines';
import { variableWords } from './variablewords';

/** So many packages that come along are shown at once. */
const FEW = 4;

/** What the plan needs. */
export interface IPlanViewProps {
  /** The plan. */
  plan: Plan;
  /** Whether what is asked for has changed since. */
  outdated: boolean;
  /** What it comes to; the number of packages by default. */
  heading?: string;
  /** What the environment is to become like, where everything else goes. */
  other?: string;
  /** Whether it is a clone, most of whose files are there already. */
  clone?: boolean;
  /** Called with the way out of a problem that the user has chosen; without it, none are offered. */
  onRemedy?: (remedy: GpuRemedy) => void;
  /** The button that says yes to a CPU build where a GPU was wanted. */
  anyway?: React.ReactNode;
  /** Whether that yes was said. */
  accepted?: boolean;
  /** Translates. */
  trans: TranslationBundle;
}

/** What a plan does, exactly: sums first, then what was asked, then the rest on demand. */
export function PlanView({
  plan,
  outdated,
  heading,
  other,
  clone,
  onRemedy,
  anyway,
  accepted,
  trans
}: IPlanViewProps): JSX.Element {
  const [all, setAll] = React.useState(false);
  const { actions, gpu } = plan;
  const isHidden = (line: PlanAction) =>
    isUsual(line) && !isLookedFor(line, gpu);
  const rest = actions.filter(isHidden);
  const short = rest.length <= FEW;
  return (
    <section
      className={classes(
        'jp-EnvManager-planBody',
        outdated && 'jp-mod-outdated'
      )}
      aria-label={trans.__('Plan')}
    >
      <div className="jp-EnvManager-planSum">
        <b>{heading ?? countWords(actions, trans)}</b>
        <span className="jp-EnvManager-planDetail">
          {sums(plan, clone === true, trans)}
        </span>
        {gpu && (
          <span className="jp-EnvManager-planGpu">
            {targetWords(gpu, trans)}
          </span>
        )}
        {outdated && (
          <span className="jp-EnvManager-badge jp-mod-warning" role="status">
            {trans.__('outdated: preview again')}
          </span>
        )}
      </div>
      <div
        className="jp-EnvManager-planList"
        role="group"
        aria-label={trans.__('Changes')}
        tabIndex={0}
      >
        {plan.warnings.filter(isShown(plan)).map((warning, index) => {
          const cpuBuild = warning.code === 'cpu_build';
          const stops = cpuBuild && gpu?.stop === true;
          // There is nothing to choose any more.
          const hint = accepted ? trans.__('You have accepted that.') : '';
          return (
            <Note
              key={index}
              problem={cpuBuild && !stops ? { ...warning, hint } : warning}
              kind={stops ? 'error' : 'warning'}
            >
              {onRemedy && (
                <Remedies
                  problem={warning}
                  optional={!stops}
                  onChoose={onRemedy}
                />
              )}
              {stops && anyway}
            </Note>
          );
        })}
        <ActionList
          actions={actions.filter(line => all || short || !isHidden(line))}
          gpu={gpu}
          warnings={plan.warnings}
          other={other}
          trans={trans}
        />
        <VariableLines plan={plan} trans={trans} />
      </div>
      {!short && (
        <LinkButton onClick={() => setAll(!all)}>
          {all
            ? trans.__('Show less')
            : trans.__('Show all %1', String(actions.length))}
        </LinkButton>
      )}
    </section>
  );
}

/** What the lines of a plan need. */
export interface IActionListProps {
  /** The lines. */
  actions: readonly PlanAction[];
  /** What they mean for the GPU, where that is known. */
  gpu?: Plan['gpu'];
  /** What is said above them, and need not be said again. */
  warnings?: readonly Problem[];
  /** What does not have the packages that go. */
  other?: string;
  /** Translates. */
  trans: TranslationBundle;
}

/** The lines of a plan: what was asked for, what is lost by it, what matters to the GPU, the rest; each by name. */
export function ActionList({
  actions,
  gpu = null,
  warnings = [],
  other,
  trans
}: IActionListProps): JSX.Element {
  const place = (action: PlanAction) =>
    isUsual(action) && isLookedFor(action, gpu) ? 1.5 : rank(action);
  const sorted = [...actions].sort(
    (one, two) => place(one) - place(two) || one.name.localeCompare(two.name)
  );
  return (
    <table className="jp-EnvManager-actions">
      <colgroup>
        <col className="jp-EnvManager-colSign" />
        <col className="jp-EnvManager-colName" />
        <col className="jp-EnvManager-colVersion" />
        <col className="jp-EnvManager-colChannel" />
        <col className="jp-EnvManager-colSize" />
        <col className="jp-EnvManager-colReason" />
      </colgroup>
      <thead className="jp-EnvManager-hidden">
        <tr>
          <th>{trans.__('Change')}</th>
          <th>{trans.__('Package')}</th>
          <th>{trans.__('Version')}</th>
          <th className="jp-EnvManager-actionChannel">{trans.__('Channel')}</th>
          <th>{trans.__('Size')}</th>
          <th>{trans.__('Why')}</th>
        </tr>
      </thead>
      <tbody>{sorted.map(row(gpu, warnings, other, trans))}</tbody>
    </table>
  );
}

/** Whether a warning is shown: of variables, the lines below say more. */
function isShown({ variables }: Plan): (warning: Problem) => boolean {
  return ({ code }) => code !== SETS_VARIABLES || !variables.length;
}

/** Whether a line is one of the many that come with what was asked for; losing a package unasked is not. */
function isUsual({ op, reason }: PlanAction): boolean {
  return reason === 'needed' && op !== 'remove';
}

function rank(action: PlanAction): number {
  const { reason } = action;
  if (reason === 'asked') {
    return 0;
  }
  return isUsual(action) ? 3 : reason === 'kernel' ? 2 : 1;
}

function sums(plan: Plan, clone: boolean, trans: TranslationBundle): string {
  const { download_size: download, cached_size: cached } = plan;
  const transfer = download
    ? trans.__('%1 to download', formatBytes(download))
    : trans.__('nothing to download');
  const disk = formatBytes(plan.disk_size);
  const whole = plan.warnings.some(({ code }) => code === 'copied_whole');
  return joinParts(
    variableWords(plan.variables, trans),
    cached
      ? trans.__('%1 (%2 already cached)', transfer, formatBytes(cached))
      : transfer,
    clone && !whole
      ? trans.__(
          'about %1 on disk; the other files are shared with the package cache',
          disk
        )
      : trans.__('about %1 on disk', disk),
    // What is exactly as elsewhere is not solved.
    plan.solve_time > 0 &&
      trans.__('solved in %1', formatSeconds(plan.solve_time))
  );
}

function row(
  gpu: Plan['gpu'],
  warnings: readonly Problem[],
  other: string | undefined,
  trans: TranslationBundle
) {
  const signs: Record<PlanAction['op'], [sign: string, word: string]> = {
    install: ['+', trans.__('install')],
    remove: ['−', trans.__('remove')],
    upgrade: ['↑', trans.__('upgrade')],
    downgrade: ['↓', trans.__('downgrade')],
    rebuild: ['↻', trans.__('rebuild')]
  };
  const reasons: Record<PlanAction['reason'], string> = {
    asked: trans.__('asked'),
    kernel: trans.__('for the kernel'),
    needed: trans.__('needed')
  };
  return function ActionRow(action: PlanAction): JSX.Element {
    const { op, name, manager, from, to, build, channel } = action;
    const { size, reason, variant } = action;
    const [sign, word] = signs[op];
    const key = `${manager} ${name}`;
    const gpuBuild = buildOf(action, gpu);
    const why =
      op === 'remove' && other !== undefined
        ? trans.__('not in %1', other)
        : reasons[reason];
    const line = (
      <tr key={key} className={`jp-mod-${op} jp-mod-${reason}`}>
        <td className="jp-EnvManager-actionSign" title={word} aria-label={word}>
          {sign}
        </td>
        <td className="jp-EnvManager-actionName" title={name}>
          {name}
        </td>
        <td className="jp-EnvManager-actionVersion" title={build ?? undefined}>
          <span>
            {from && to && from !== to ? `${from} → ${to}` : (to ?? from)}
            {variant && `, ${variant}`}
          </span>
          {gpu && gpuBuild && !variant && (
            <BuildBadge build={gpuBuild} target={gpu.target} trans={trans} />
          )}
        </td>
        <td className="jp-EnvManager-actionChannel">
          {origin({ manager, channel: channel ?? '' })}
        </td>
        <td className="jp-EnvManager-actionSize">
          {size === null ? '' : formatBytes(size)}
        </td>
        <td className="jp-EnvManager-actionReason" title={why}>
          {why}
        </td>
      </tr>
    );
    return gpuBuild?.reason && !isSaid(gpuBuild, warnings) ? (
      <React.Fragment key={key}>
        {line}
        <BuildReason build={gpuBuild} />
      </React.Fragment>
    ) : (
      line
    );
  };
}

/** Why a package is the build that it is, below its line. */
function BuildReason({ build }: { build: GpuBuild }): JSX.Element {
  return (
    <tr className={`jp-EnvManager-buildReason jp-mod-${build.kind}`}>
      <td />
      <td className="jp-EnvManager-buildGap" />
      <td colSpan={4} title={build.reason}>
        {build.reason}
      </td>
    </tr>
  );
}
