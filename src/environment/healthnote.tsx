import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Health, Problem } from '../_models';
import { makeProblem } from '../api';
import { formatCount, formatSeconds } from '../format';
import type { IResource } from '../tokens';
import { IconButton, Note, TextButton } from '../widgets/components';

/** What the note about the files needs. */
export interface IHealthNoteProps {
  /** What a comparison of the files has found. */
  health: IResource<Health>;
  /** The packages that are seen to be damaged without one. */
  damaged: string[];
  /** The records that could not be read. */
  problems: Problem[];
  /** Whether packages may be changed. */
  changeable: boolean;
  /** Compares the files. */
  onCheck: () => void;
  /** Asks for a repair of these packages. */
  onRepair: (names: string[]) => void;
  /** Says no more about the files. */
  onDismiss: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** Whether the files are as the packages brought them; nothing while there is no reason to ask. */
export function HealthNote(props: IHealthNoteProps): JSX.Element | null {
  const { health, damaged, problems, changeable, onRepair, trans } = props;
  if (health.loading) {
    return (
      <div className="jp-EnvManager-empty" role="status">
        {trans.__('Comparing the files with their packages…')}
      </div>
    );
  }
  if (health.problem || (health.data && !health.data.problems.length)) {
    return <Answer {...props} />;
  }
  const names = health.data?.damaged ?? damaged;
  const found = health.data?.problems ?? problems;
  if (!names.length && !found.length) {
    return null;
  }
  return (
    <div className="jp-EnvManager-note jp-mod-warning" role="note">
      <div className="jp-EnvManager-noteText">
        <div className="jp-EnvManager-noteMessage">
          {names.length
            ? trans._n(
                'One package is damaged: %2',
                '%1 packages are damaged: %2',
                names.length,
                names.join(', ')
              )
            : trans.__('Some records of packages cannot be read.')}
        </div>
        {found.length > 0 && (
          <ul className="jp-EnvManager-damages" tabIndex={0}>
            {found.map((problem, index) => (
              <li key={index}>
                {problem.message}{' '}
                <span className="jp-EnvManager-hint">{problem.hint}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="jp-EnvManager-noteActions">
        {!health.data && (
          <TextButton onClick={props.onCheck}>
            {trans.__('Check files')}
          </TextButton>
        )}
        {changeable && names.length > 0 && (
          <TextButton onClick={() => onRepair(names)}>
            {trans.__('Repair')}
          </TextButton>
        )}
      </div>
    </div>
  );
}

function Answer(props: IHealthNoteProps): JSX.Element {
  const { health, onDismiss, trans } = props;
  const { data, problem } = health;
  const good =
    data &&
    trans.__(
      'All %1 files are as their packages brought them (compared in %2).',
      formatCount(data.files),
      formatSeconds(data.seconds)
    );
  return (
    <Note
      problem={problem ?? makeProblem('healthy', good ?? '', '')}
      kind={problem ? 'error' : 'info'}
      trans={trans}
    >
      <IconButton
        icon={closeIcon}
        label={trans.__('Dismiss')}
        onClick={onDismiss}
      />
    </Note>
  );
}
