import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { GpuReport, GpuTarget, Problem } from './_models';
import { type ICard, Cards } from './cards';
import { LinkButton, Note } from './components';
import { FormField, type ICreateFormProps, invalid } from './formfield';
import { joinParts } from './format';
import { parseTyped } from './gputyped';
import { TypedTarget } from './typedtarget';

const ID = 'jp-EnvManager-gpu';
const MACHINE = 'machine';
/** The card that asks; no target of a site has such a name. */
const OTHER = 'cuda=';

/** The GPU that the environment is for. */
export function GpuField(props: ICreateFormProps): JSX.Element {
  const { creation, gpus, onGpus, trans } = props;
  const { gpu } = creation.values;
  const typed = parseTyped(gpu);
  const change = (value: string) =>
    creation.setGpu(value === MACHINE ? null : value);
  return (
    <FormField
      id={ID}
      group
      label={trans.__('GPU')}
      problems={[creation.problemOf('gpu')]}
    >
      <Cards
        id={ID}
        labelledBy={`${ID}-label`}
        cards={targetCards(gpus.data, gpu, gpus.problem !== null, trans)}
        value={typed ? OTHER : (gpu ?? MACHINE)}
        invalid={invalid(creation, 'gpu')}
        onChange={change}
      />
      {typed && (
        <TypedTarget
          id={ID}
          gpu={gpu}
          wrong={invalid(creation, 'gpu')}
          onChange={name => creation.setGpu(name)}
          trans={trans}
        />
      )}
      {gpus.data?.problems.filter(isAboutTargets).map((problem, index) => (
        <Note key={index} problem={problem} kind="warning" />
      ))}
      {gpus.problem && (
        <div className="jp-EnvManager-hint">
          <span>
            {trans.__('The GPUs could not be read: %1', gpus.problem.message)}
          </span>
          <LinkButton onClick={onGpus}>{trans.__('Try again')}</LinkButton>
        </div>
      )}
    </FormField>
  );
}

/** Whether a problem matters to the choice; devices that cannot be read are told of in the panel. */
export function isAboutTargets({ code }: Problem): boolean {
  return code === 'gpu_target_invalid' || code.startsWith('cuda_override');
}

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
