import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { GpuRemedy, Problem } from '../_models';
import { Relaxations } from '../plan/relaxations';
import { relaxationsOf } from '../plan/relaxing';
import { Remedies } from '../plan/remedies';
import { Note, TextButton } from '../widgets/components';
import type { Creation } from './creation';

/** A problem of a creation that is not about one field, with the ways out of it. */
export function CreationProblem(props: {
  creation: Creation;
  problem: Problem;
  onAccept: () => void;
  onPreview: () => void;
  onRemedy: (remedy: GpuRemedy) => void;
  onRelax: (relaxed: Record<string, string>) => void;
  onLine: (line: number) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { creation, problem, onPreview, onRemedy, onRelax, trans } = props;
  const relaxations = relaxationsOf(problem);
  return (
    <>
      <Note problem={problem} trans={trans}>
        <Remedies problem={problem} onChoose={onRemedy} />
        {creation.question ? (
          <AcceptButton {...props} />
        ) : (
          creation.outdated && (
            <TextButton onClick={onPreview}>
              {trans.__('Preview again')}
            </TextButton>
          )
        )}
      </Note>
      {relaxations.length > 0 && (
        <Relaxations
          relaxations={relaxations}
          onUse={chosen => onRelax({ ...creation.values.relaxed, ...chosen })}
          onLine={props.onLine}
          trans={trans}
        />
      )}
    </>
  );
}

/** Says yes to what the problem, or the plan, is about. */
export function AcceptButton(props: {
  creation: Creation;
  onAccept: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { creation, onAccept, trans } = props;
  return (
    <TextButton onClick={onAccept}>
      {creation.question === 'cpu_build'
        ? trans.__('Create the CPU build anyway')
        : trans.__('Allow this and preview again')}
    </TextButton>
  );
}
