import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Status } from '../_models';
import { formHeading, type IWaitingNotebook } from '../jobs/waiting';
import { canRelax } from '../plan/relaxing';
import { remediesOf } from '../plan/remedies';
import type { IResource } from '../tokens';
import { IconButton, Note } from '../widgets/components';
import { ActionButton } from '../widgets/formfield';
import type { Creation } from './creation';
import { offered } from './formremedy';

/** The top of the form: what it makes, for which notebook, and what the server has to say. */
export function FormHead(props: {
  notebook: IWaitingNotebook | null;
  status: IResource<Status>;
  onRetry: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { notebook, status, onRetry, trans } = props;
  return (
    <>
      <h1 className="jp-EnvManager-title">{formHeading(notebook, trans)}</h1>
      {notebook && (
        <p className="jp-EnvManager-forNotebook">
          {trans.__('%1 will run in it.', notebook.name)}
        </p>
      )}
      {status.problem && (
        <Note problem={status.problem}>
          <IconButton
            icon={refreshIcon}
            label={trans.__('Try again')}
            onClick={onRetry}
          />
        </Note>
      )}
      {status.data?.problems.map((warning, index) => (
        <Note key={index} problem={warning} kind="warning" />
      ))}
    </>
  );
}

/** The buttons of the form, always in view. */
export function FormButtons(props: {
  creation: Creation;
  onPreview: () => void;
  onCreate: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { creation, onPreview, onCreate, trans } = props;
  const { busy, plan, problem, ready, outdated, values } = creation;
  const stopped = !outdated && plan?.gpu?.stop === true;
  const waysOut =
    problem !== null &&
    (canRelax(problem) || remediesOf(offered(problem, values)).length > 0);
  return (
    <div className="jp-EnvManager-buttons jp-mod-form">
      <ActionButton
        name="jp-EnvManager-preview"
        // A way out of the problem is the next step, where there is one.
        primary={!ready && !stopped && !waysOut}
        busy={busy !== null}
        onClick={onPreview}
      >
        {busy === 'preview' ? trans.__('Solving…') : trans.__('Preview')}
      </ActionButton>
      <ActionButton
        name="jp-EnvManager-create"
        primary={ready}
        disabled={!ready}
        busy={busy !== null}
        onClick={onCreate}
      >
        {busy === 'create' ? trans.__('Starting…') : trans.__('Create')}
      </ActionButton>
      {creation.isFaulty ? (
        <span className="jp-EnvManager-hint">
          {trans.__('First put right what is wrong above.')}
        </span>
      ) : stopped ? (
        <span className="jp-EnvManager-hint">
          {trans.__('First choose below how to go on.')}
        </span>
      ) : (
        !plan &&
        !problem && (
          <span className="jp-EnvManager-hint">
            {trans.__(
              'Preview shows exactly what will be installed; then you can create it.'
            )}
          </span>
        )
      )}
    </div>
  );
}
