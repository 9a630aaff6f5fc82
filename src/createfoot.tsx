import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { GpuRemedy } from './_models';
import type { Creation } from './creation';
import { AcceptButton, CreationProblem } from './creationproblem';
import { PlanView } from './planview';

/** What the foot of the page needs. */
export interface ICreateFootProps {
  /** What is being made. */
  creation: Creation;
  /** Allows what a problem, or the plan, is about. */
  onAccept: () => void;
  /** Asks for the plan. */
  onPreview: () => void;
  /** Takes a way out of a problem. */
  onRemedy: (remedy: GpuRemedy) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The foot of the page: what is wrong, and the plan. */
export function CreateFoot(props: ICreateFootProps): JSX.Element | null {
  const { creation, onRemedy, trans } = props;
  const { plan, outdated, problem } = creation;
  if (!plan && !problem) {
    return null;
  }
  return (
    <div className="jp-EnvManager-plan" aria-live="polite">
      {problem && <CreationProblem {...props} problem={problem} />}
      {plan && (
        <PlanView
          plan={plan}
          outdated={outdated}
          onRemedy={outdated ? undefined : onRemedy}
          accepted={creation.allows('cpu_build')}
          anyway={!outdated && creation.question && <AcceptButton {...props} />}
          trans={trans}
        />
      )}
    </div>
  );
}
