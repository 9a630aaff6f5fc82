import React from 'react';

import type { Problem } from '../_models';
import { parseTyped } from '../gpu/gputyped';
import { MACHINE, OTHER, targetCards } from '../gpu/targetcards';
import { TypedTarget } from '../gpu/typedtarget';
import { Cards } from '../widgets/cards';
import { LinkButton, Note } from '../widgets/components';
import { FormField } from '../widgets/formfield';
import { type ICreateFormProps, invalid } from './formprops';

const ID = 'jp-EnvManager-gpu';

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
