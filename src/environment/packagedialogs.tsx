import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Package } from '../_models';
import { dependents, whyPaths } from './dependents';

/** Say why a package is here: who asked for it, or which requested packages lead to it. */
export async function explainWhy(
  entry: Package,
  packages: readonly Package[],
  trans: TranslationBundle
): Promise<void> {
  const paths = whyPaths(entry.name, packages).filter(path => path.length > 1);
  await tell(
    trans.__('Why is %1 here?', entry.name),
    <>
      {entry.requested && (
        <p>
          {entry.spec
            ? trans.__('It was asked for, as “%1”.', entry.spec)
            : trans.__('It was asked for.')}
        </p>
      )}
      {paths.length > 0 && (
        <>
          <p>
            {entry.requested
              ? trans.__('These need it, too:')
              : trans.__('These were asked for and need it:')}
          </p>
          <ul className="jp-EnvManager-paths">
            {paths.map(path => (
              <li key={path.join()}>{path.join(' → ')}</li>
            ))}
          </ul>
        </>
      )}
      {!entry.requested && !paths.length && (
        <p>
          {entry.needed_by.length
            ? trans.__(
                'Needed by %1, of which none is known to have been asked for.',
                entry.needed_by.join(', ')
              )
            : trans.__('Nothing that is installed needs it.')}
        </p>
      )}
    </>,
    trans
  );
}

/** Say what needs a package, at once and by way of others. */
export async function explainDependents(
  entry: Package,
  packages: readonly Package[],
  trans: TranslationBundle
): Promise<void> {
  const { direct, indirect } = dependents(entry.name, packages);
  await tell(
    trans.__('What needs %1?', entry.name),
    <>
      {!direct.length && (
        <p>{trans.__('Nothing that is installed needs it.')}</p>
      )}
      <Names label={trans.__('Directly')} names={direct} />
      <Names label={trans.__('By way of these')} names={indirect} />
    </>,
    trans
  );
}

function Names(props: { label: string; names: string[] }): JSX.Element | null {
  const { label, names } = props;
  return names.length ? (
    <p>
      {label} ({names.length}): {names.join(', ')}
    </p>
  ) : null;
}

async function tell(
  title: string,
  content: JSX.Element,
  trans: TranslationBundle
): Promise<void> {
  await showDialog({
    title,
    body: <div className="jp-EnvManager-dialog">{content}</div>,
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}
