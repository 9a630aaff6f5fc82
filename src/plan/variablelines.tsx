import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Plan, PlanVariable } from '../_models';

/** The code of the warning that says by name what the lines show. */
export const SETS_VARIABLES = 'sets_variables';

/** The variables that a plan sets, changes and removes, below its packages. */
export function VariableLines(props: {
  plan: Plan;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { plan, trans } = props;
  const { variables, warnings } = plan;
  if (!variables.length) {
    return null;
  }
  const hint = warnings.find(({ code }) => code === SETS_VARIABLES)?.hint;
  const title = trans.__('Variables');
  return (
    <div className="jp-EnvManager-planVariables">
      <b>{title}</b>
      <span className="jp-EnvManager-hint">
        {hint || trans.__('Set whenever the environment is in use.')}
      </span>
      <table className="jp-EnvManager-variableTable" aria-label={title}>
        <tbody>
          {variables.map(one => (
            <Line key={one.name} variable={one} trans={trans} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line(props: {
  variable: PlanVariable;
  trans: TranslationBundle;
}): JSX.Element {
  const { variable, trans } = props;
  const { op, name, from, to } = variable;
  const signs: Record<PlanVariable['op'], [sign: string, word: string]> = {
    set: ['+', trans.__('set')],
    change: ['↻', trans.__('change')],
    remove: ['−', trans.__('remove')]
  };
  const [sign, word] = signs[op];
  const value = op === 'change' ? `${from} → ${to}` : (to ?? from ?? '');
  return (
    <tr className={`jp-mod-${op}`} data-variable={name}>
      <td className="jp-EnvManager-actionSign" title={word} aria-label={word}>
        {sign}
      </td>
      <th scope="row" title={name}>
        {name}
      </th>
      <td title={value}>{value}</td>
    </tr>
  );
}
