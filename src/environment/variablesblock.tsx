import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Variable } from '../_models';
import { variableText } from '../plan/variablewords';
import { TextButton } from '../widgets/components';

/** What is set when the environment is active: a line below its packages, and the values on demand. */
export function VariablesBlock(props: {
  variables: readonly Variable[];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { variables, trans } = props;
  const [copied, setCopied] = React.useState(false);
  React.useEffect(() => setCopied(false), [variables]);
  if (!variables.length) {
    return null;
  }
  const text = variableText(variables);
  const names = variables.map(({ name }) => name).join(', ');
  return (
    <details className="jp-EnvManager-variablesBlock">
      <summary title={names}>
        {trans._n(
          '%1 variable is set in this environment:',
          '%1 variables are set in this environment:',
          variables.length
        )}{' '}
        {names}
      </summary>
      <div className="jp-EnvManager-variablesScroll" tabIndex={0}>
        <table
          className="jp-EnvManager-variableTable"
          aria-label={trans.__('Variables')}
        >
          <tbody>
            {variables.map(({ name, value }) => (
              <tr key={name} data-variable={name}>
                <th scope="row" title={name}>
                  {name}
                </th>
                <td title={value}>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="jp-EnvManager-line">
        <TextButton
          disabled={!text}
          onClick={() => {
            Clipboard.copyToSystem(text);
            setCopied(true);
          }}
        >
          {copied ? trans.__('Copied') : trans.__('Copy')}
        </TextButton>
        <span className="jp-EnvManager-hint">
          {variables.some(({ hidden }) => hidden)
            ? trans.__(
                'What looks like a secret, or is too long, is neither shown nor copied whole.'
              )
            : trans.__(
                'They change with “variables:” of a file that the environment is updated from.'
              )}
        </span>
      </div>
    </details>
  );
}
