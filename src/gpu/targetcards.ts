import type { TranslationBundle } from '@jupyterlab/translation';

import type { GpuReport, GpuTarget } from '../_models';
import { joinParts } from '../format';
import type { ICard } from '../widgets/cards';

/** The card of the server's own machine. */
export const MACHINE = 'machine';
/** The card that asks; no target of a site has such a name. */
export const OTHER = 'cuda=';

/**
 * The targets as cards.
 *
 * While they are not known, only this machine is there, and it keeps its place: what comes later comes behind it.
 */
export function targetCards(
  report: GpuReport | null,
  chosen: string | null,
  failed: boolean,
  trans: TranslationBundle
): ICard[] {
  const known = report?.targets ?? [];
  const machine: ICard = {
    value: MACHINE,
    title: trans.__('This machine'),
    detail: failed ? '' : trans.__('asking the driver…')
  };
  const cpu: ICard = {
    value: 'cpu',
    title: trans.__('CPU only'),
    detail: trans.__('smaller, runs everywhere')
  };
  const other: ICard = {
    value: OTHER,
    title: trans.__('Another machine…'),
    detail: trans.__('by its CUDA version')
  };
  const listed = known.length
    ? [...known.map(target => card(target, trans)), other]
    : failed
      ? [machine, cpu, other]
      : [machine];
  const there = [null, MACHINE, ...listed.map(({ value }) => value)];
  return there.includes(chosen) || chosen?.startsWith(OTHER)
    ? listed
    : // What was chosen stays in view; a preview says what is wrong with it.
      [...listed, { value: chosen ?? '', title: chosen ?? '' }];
}

function card(target: GpuTarget, trans: TranslationBundle): ICard {
  const { name, title, detail, cuda, compute_capability: arch } = target;
  const known = joinParts(
    cuda && trans.__('CUDA %1', cuda),
    arch && trans.__('capability %1', arch)
  );
  return { value: name, title, detail: detail || known };
}
