import type { TranslationBundle } from '@jupyterlab/translation';

import type { PlanVariable, Variable } from '../_models';

/** What becomes of variables: `2 variables set, 1 removed`; empty where nothing does. */
export function variableWords(
  variables: readonly PlanVariable[],
  trans: TranslationBundle
): string {
  const count = (op: PlanVariable['op']) =>
    variables.filter(one => one.op === op).length;
  const [set, change, remove] = [
    count('set'),
    count('change'),
    count('remove')
  ];
  const parts = [
    set > 0 && trans.__('%1 set', String(set)),
    change > 0 && trans.__('%1 changed', String(change)),
    remove > 0 && trans.__('%1 removed', String(remove))
  ].filter(Boolean);
  return parts.length
    ? trans._n(
        'variable: %2',
        'variables: %2',
        variables.length,
        parts.join(', ')
      )
    : '';
}

/** The variables as lines that `conda env config vars set` and shells take; those that are not shown whole are left out. */
export function variableText(variables: readonly Variable[]): string {
  return variables
    .filter(({ hidden }) => !hidden)
    .map(({ name, value }) => `${name}=${value}`)
    .join('\n');
}
