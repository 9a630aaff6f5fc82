import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Problem } from '../_models';
import { Note, TextButton } from '../widgets/components';

/** What the page of a job shows before the job is known. */
export interface INoJobProps {
  /** Why it cannot be shown; null while it is read. */
  problem: Problem | null;
  /** Start a new environment instead. */
  onNew: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** In place of a job: it is being read, or it is gone. */
export function NoJob({ problem, onNew, trans }: INoJobProps): JSX.Element {
  return (
    <div className="jp-EnvManager-scroll">
      {problem ? (
        <Note problem={problem} trans={trans}>
          <TextButton onClick={onNew}>{trans.__('New environment')}</TextButton>
        </Note>
      ) : (
        <div className="jp-EnvManager-empty">
          {trans.__('Reading the job…')}
        </div>
      )}
    </div>
  );
}
