import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Environment, Problem, RemovalPreview } from '../_models';
import { formatBytes, formatCount } from '../format';
import { Output, printedOutput } from './components';

/** Ask before something is done, with its details; true when it may be. Enter alone does not agree. */
export async function confirm(
  title: string,
  details: React.ReactNode,
  agree: Dialog.IButton,
  trans: TranslationBundle
): Promise<boolean> {
  const { button } = await showDialog({
    title,
    body: <div className="jp-EnvManager-dialog">{details}</div>,
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), agree],
    defaultButton: 0
  });
  return button.accept;
}

/** Ask before an environment goes; true when it may. */
export async function confirmRemoval(
  environment: Environment,
  removal: RemovalPreview,
  trans: TranslationBundle
): Promise<boolean> {
  const { kernels } = removal;
  return confirm(
    trans.__('Remove environment “%1”?', environment.name),
    <>
      <p className="jp-EnvManager-path">{removal.prefix}</p>
      <p>
        {trans.__(
          'This frees up to %1 (%2 files).',
          formatBytes(removal.size),
          formatCount(removal.files)
        )}
      </p>
      {kernels.length > 0 && (
        <>
          <p>
            {trans._n(
              'Its kernel goes with it:',
              'Its %1 kernels go with it:',
              kernels.length
            )}
          </p>
          <ul>
            {kernels.map(kernel => (
              <li key={kernel.name}>{kernel.display_name}</li>
            ))}
          </ul>
        </>
      )}
    </>,
    Dialog.warnButton({ label: trans.__('Remove') }),
    trans
  );
}

/** Ask before a file takes the place of a text that was written by hand; true when it may. */
export async function confirmReplacement(
  filename: string,
  trans: TranslationBundle
): Promise<boolean> {
  return confirm(
    trans.__('Replace the text that you have edited?'),
    <p>
      {trans.__(
        'The text of “%1” takes its place, and yours is lost.',
        filename || trans.__('the file')
      )}
    </p>,
    Dialog.warnButton({ label: trans.__('Replace') }),
    trans
  );
}

/** Say why something cannot be done. */
export async function explain(
  title: string,
  reason: string,
  trans: TranslationBundle
): Promise<void> {
  await showDialog({
    title,
    body: reason,
    buttons: [Dialog.okButton({ label: trans.__('OK') })]
  });
}

/** Show a problem where there is no better place for it. */
export async function showProblem(
  title: string,
  problem: Problem,
  trans: TranslationBundle
): Promise<void> {
  const printed = printedOutput(problem);
  await showDialog({
    title,
    body: (
      <div className="jp-EnvManager-dialog">
        <p className="jp-EnvManager-message">{problem.message}</p>
        {problem.hint && (
          <p className="jp-EnvManager-message">{problem.hint}</p>
        )}
        {printed && <Output text={printed} trans={trans} />}
      </div>
    ),
    buttons: [Dialog.cancelButton({ label: trans.__('Close') })]
  });
}
