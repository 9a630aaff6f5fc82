import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Environment, GpuBuild, GpuCheck, GpuTarget } from '../_models';
import { formatDate, joinParts } from '../format';
import { Badge, type IBadgeProps } from '../widgets/components';

/** What a check has found, in one word. */
export type GpuState = GpuCheck['state'];

/** What is known of a check. */
export interface IChecked {
  /** What it has found. */
  state: GpuState;
  /** When, in seconds since the epoch. */
  time: number | null;
  /** Whether packages have changed since. */
  outdated: boolean;
}

/** What is known of an environment's check; null where there was none. */
export function checkedOf({
  gpu,
  gpu_checked: time,
  gpu_outdated: outdated
}: Environment): IChecked | null {
  return gpu && { state: gpu, time, outdated };
}

const KINDS: Record<GpuState, IBadgeProps['kind']> = {
  works: 'good',
  cannot_see: 'error',
  cpu_build: 'warning',
  not_checkable: 'neutral',
  failed: 'warning',
  running: 'neutral'
};

/** What a check has found, in a few words. */
export function gpuWords(state: GpuState, trans: TranslationBundle): string {
  const words: Record<GpuState, string> = {
    works: trans.__('GPU works'),
    cannot_see: trans.__('GPU not seen'),
    cpu_build: trans.__('CPU build'),
    not_checkable: trans.__('GPU not checkable here'),
    failed: trans.__('GPU check failed'),
    running: trans.__('checking GPU…')
  };
  return words[state];
}

/** The same with the time of the check: `GPU works · checked today`. */
export function gpuSentence(
  { state, time, outdated }: IChecked,
  trans: TranslationBundle
): string {
  const when = outdated
    ? trans.__('checked before the last change')
    : time !== null && checkedWhen(time, trans);
  return joinParts(gpuWords(state, trans), state !== 'running' && when);
}

/** `checked today`; the day counts, as it does for the user. */
export function checkedWhen(
  time: number,
  trans: TranslationBundle,
  now = new Date()
): string {
  const midnight = (date: Date) => new Date(date).setHours(0, 0, 0, 0);
  const days = Math.round(
    (midnight(now) - midnight(new Date(time * 1000))) / 86_400_000
  );
  if (days <= 0) {
    return trans.__('checked today');
  }
  if (days === 1) {
    return trans.__('checked yesterday');
  }
  return days < 14
    ? trans._n('checked %1 day ago', 'checked %1 days ago', days)
    : trans.__('checked on %1', formatDate(time));
}

/** What a check has found, as a badge. */
export function GpuBadge(props: {
  checked: IChecked;
  /** Whether the time belongs to the text, too. */
  long?: boolean;
  /** What else to say in the tooltip. */
  more?: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { checked, long, more, trans } = props;
  const { state, outdated } = checked;
  const sentence = gpuSentence(checked, trans);
  return (
    // What was true before the last change is not promised any more.
    <Badge
      kind={outdated && state === 'works' ? 'neutral' : KINDS[state]}
      title={joinParts(more, sentence)}
    >
      {long ? sentence : gpuWords(state, trans)}
    </Badge>
  );
}

/** Whether the row of an environment tells what a check has found; nothing to see there is no news. */
export function showsCheck({ gpu }: Environment): boolean {
  return gpu !== null && gpu !== 'not_checkable';
}

/** The one badge about the GPU that there is room for: what was found, else what it was built for. */
export function RowGpuBadge(props: {
  environment: Environment;
  /** Whether the time of the check belongs to the text, too. */
  long?: boolean;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { environment, long, trans } = props;
  const { cuda } = environment;
  const checked = checkedOf(environment);
  const built = cuda ? trans.__('CUDA %1', cuda) : '';
  if (checked && showsCheck(environment)) {
    return (
      <GpuBadge checked={checked} long={long} more={built} trans={trans} />
    );
  }
  return built ? (
    <Badge title={joinParts(built, checked && gpuSentence(checked, trans))}>
      {built}
    </Badge>
  ) : null;
}

/** Which build a package is; a CPU build is worth a warning where a GPU is wanted. */
export function BuildBadge(props: {
  build: GpuBuild;
  target: GpuTarget;
  trans: TranslationBundle;
}): JSX.Element {
  const { build, target, trans } = props;
  const { kind, cuda, reason } = build;
  return (
    <Badge
      kind={kind === 'gpu' ? 'good' : target.cuda ? 'warning' : 'neutral'}
      title={reason || undefined}
    >
      {buildWords(kind, cuda, trans)}
    </Badge>
  );
}

function buildWords(
  kind: GpuBuild['kind'],
  cuda: string | null,
  trans: TranslationBundle
): string {
  if (kind === 'cpu') {
    return trans.__('CPU build');
  }
  return cuda ? trans.__('CUDA %1 build', cuda) : trans.__('GPU build');
}
