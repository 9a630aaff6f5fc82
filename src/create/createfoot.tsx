import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { GpuRemedy } from '../_models';
import { PlanView } from '../plan/planview';
import { Relaxed } from '../plan/relaxations';
import { without, withoutRelaxed } from '../plan/relaxing';
import type { Creation } from './creation';
import { AcceptButton, CreationProblem } from './creationproblem';
import { offered } from './formremedy';

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
  /** Asks for less than the file does: what stands for which of its specs. */
  onRelax: (relaxed: Record<string, string>) => void;
  /** Goes to a line of the file. */
  onLine: (line: number) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The foot of the page: what is wrong, and the plan. */
export function CreateFoot(props: ICreateFootProps): JSX.Element | null {
  const { creation, onRemedy, onRelax, trans } = props;
  const { plan, outdated, problem, values } = creation;
  if (!plan && !problem) {
    return null;
  }
  return (
    <div className="jp-EnvManager-plan" aria-live="polite">
      {values.start === 'file' && Object.keys(values.relaxed).length > 0 && (
        <Relaxed
          relaxed={values.relaxed}
          onUndo={specs => onRelax(without(values.relaxed, specs))}
          trans={trans}
        />
      )}
      {problem && (
        <CreationProblem {...props} problem={offered(problem, values)} />
      )}
      {plan && (
        <PlanView
          plan={{
            ...plan,
            warnings: withoutRelaxed(plan).map(one => offered(one, values))
          }}
          outdated={outdated}
          clone={values.start === 'clone'}
          onRemedy={outdated ? undefined : onRemedy}
          accepted={creation.allows('cpu_build')}
          anyway={!outdated && creation.question && <AcceptButton {...props} />}
          trans={trans}
        />
      )}
    </div>
  );
}
