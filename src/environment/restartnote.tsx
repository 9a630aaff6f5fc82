import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IStaleKernel } from '../kernels/stalekernels';
import { IconButton, LinkButton, TextButton } from '../widgets/components';

/** What the note about running kernels needs. */
export interface IRestartNoteProps {
  /** The kernels that run with the packages of before. */
  kernels: IStaleKernel[];
  /** Restarts some. */
  onRestart: (...ids: string[]) => void;
  /** Says no more about them. */
  onDismiss: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The kernels that go on with the old packages until they are restarted. */
export function RestartNote(props: IRestartNoteProps): JSX.Element | null {
  const { kernels, onRestart, onDismiss, trans } = props;
  if (!kernels.length) {
    return null;
  }
  return (
    <div className="jp-EnvManager-note jp-mod-warning" role="note">
      <div className="jp-EnvManager-noteText">
        <div className="jp-EnvManager-noteMessage">
          {trans._n(
            'One kernel still runs with the old packages.',
            '%1 kernels still run with the old packages.',
            kernels.length
          )}
        </div>
        <ul className="jp-EnvManager-stale">
          {kernels.map(({ id, name, restarting }) => (
            <li key={id}>
              <span>{name}</span>
              {restarting ? (
                <span className="jp-EnvManager-word">
                  {trans.__('restarting…')}
                </span>
              ) : (
                <LinkButton
                  label={trans.__('Restart the kernel of %1', name)}
                  onClick={() => onRestart(id)}
                >
                  {trans.__('Restart')}
                </LinkButton>
              )}
            </li>
          ))}
        </ul>
        <div className="jp-EnvManager-hint">
          {trans._n(
            'A restart clears its memory.',
            'A restart clears their memory.',
            kernels.length
          )}
        </div>
      </div>
      <div className="jp-EnvManager-noteActions">
        {kernels.length > 1 && (
          <TextButton onClick={() => onRestart(...kernels.map(({ id }) => id))}>
            {trans.__('Restart all')}
          </TextButton>
        )}
        <IconButton
          icon={closeIcon}
          label={trans.__('Dismiss')}
          onClick={onDismiss}
        />
      </div>
    </div>
  );
}
