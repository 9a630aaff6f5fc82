import type { TranslationBundle } from '@jupyterlab/translation';

import type { GpuBuild, PlanAction, PlanGpu, Problem } from '../_models';
import { joinParts } from '../format';

/** The build with or without GPU that a line of a plan brings. */
export function buildOf(
  { name, manager, op }: PlanAction,
  gpu: PlanGpu | null
): GpuBuild | undefined {
  return op === 'remove'
    ? undefined
    : gpu?.builds.find(
        build => build.name === name && build.manager === manager
      );
}

/** Whether somebody who wants a GPU looks for this line. */
export function isLookedFor(line: PlanAction, gpu: PlanGpu | null): boolean {
  const build = buildOf(line, gpu);
  return (
    build !== undefined && (build.kind === 'gpu' || gpu?.target.cuda !== null)
  );
}

/** Whether a warning tells why a package is the build that it is. */
export function isSaid(
  { name, reason }: GpuBuild,
  warnings: readonly Problem[]
): boolean {
  return warnings.some(({ message, details }) => {
    const about: unknown = details['packages'];
    return (
      message.includes(reason) || (Array.isArray(about) && about.includes(name))
    );
  });
}

/** What a plan is for: `GPU: for H100 nodes · CUDA 12.6`; empty where that is nothing to point at. */
export function targetWords(
  { target, builds }: PlanGpu,
  trans: TranslationBundle
): string {
  const { origin, title, cuda } = target;
  if (origin === 'machine' && !(builds.length && cuda)) {
    return '';
  }
  if (origin === 'cpu') {
    return trans.__('GPU: none, for CPU only');
  }
  const place = origin === 'machine' ? trans.__('this machine') : title;
  const version = cuda && trans.__('CUDA %1', cuda);
  return trans.__(
    'GPU: for %1',
    joinParts(place, origin !== 'custom' && version)
  );
}
