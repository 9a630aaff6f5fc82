import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { classes } from '../widgets/components';
import { faultyPart, gpuProblemSoFar, parseTyped, typedName } from './gputyped';

/** What the fields for a machine that is not on the list need. */
export interface ITypedTargetProps {
  /** Begins the ids of the fields. */
  id: string;
  /** What was typed, as the name of a target. */
  gpu: string | null;
  /** Whether something is said to be wrong with it elsewhere. */
  wrong: boolean;
  /** Called with the name of the target as it is typed. */
  onChange: (gpu: string) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The CUDA version, and maybe the compute capability, of a machine that is not on the list. */
export function TypedTarget(props: ITypedTargetProps): JSX.Element {
  const { id, gpu, wrong, onChange, trans } = props;
  const typed = parseTyped(gpu) ?? { cuda: '', arch: '' };
  const problem = wrong ? '' : gpuProblemSoFar(gpu, trans);
  const invalid = wrong || problem !== '';
  const part = faultyPart(gpu);
  const isWrong = (key: 'cuda' | 'arch') =>
    invalid && (part === null || part === key);
  const input = (key: 'cuda' | 'arch', placeholder: string) => (
    <input
      id={`${id}-${key}`}
      className={classes(
        'jp-EnvManager-input jp-mod-short',
        isWrong(key) && 'jp-mod-invalid'
      )}
      value={typed[key]}
      placeholder={placeholder}
      autoComplete="off"
      spellCheck={false}
      aria-invalid={isWrong(key)}
      aria-describedby={`${id}-${key}-hint`}
      onChange={event =>
        onChange(typedName({ ...typed, [key]: event.target.value }))
      }
    />
  );
  const below = (key: 'cuda' | 'arch', hint: string) => {
    const faulty = problem !== '' && part === key;
    return (
      <div
        id={`${id}-${key}-hint`}
        className={faulty ? 'jp-EnvManager-fieldError' : 'jp-EnvManager-hint'}
        role={faulty ? 'alert' : undefined}
      >
        {faulty ? problem : hint}
      </div>
    );
  };
  return (
    <>
      <div className="jp-EnvManager-line jp-EnvManager-typedTarget">
        <label htmlFor={`${id}-cuda`}>{trans.__('CUDA version')}</label>
        {input('cuda', '12.8')}
        <label htmlFor={`${id}-arch`}>{trans.__('Compute capability')}</label>
        {input('arch', trans.__('any'))}
      </div>
      {below(
        'cuda',
        trans.__(
          'CUDA version: the newest that the driver there can run; “nvidia-smi” shows it at the top'
        )
      )}
      {below(
        'arch',
        trans.__(
          'Compute capability: the generation of the GPU, such as 8.0 for an A100 or 9.0 for an H100; empty fits any'
        )
      )}
    </>
  );
}
