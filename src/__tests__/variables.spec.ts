import { nullTranslator } from '@jupyterlab/translation';

import type { PlanVariable } from '../_models';
import { variableText, variableWords } from '../plan/variablewords';

const trans = nullTranslator.load('test');

const change = (op: PlanVariable['op']): PlanVariable => ({
  name: op,
  op,
  from: null,
  to: null
});

it.each<[PlanVariable['op'][], string]>([
  [[], ''],
  [['set'], 'variable: 1 set'],
  [['set', 'remove', 'set'], 'variables: 2 set, 1 removed'],
  [['change', 'remove'], 'variables: 1 changed, 1 removed']
])('a plan with %p of variables says “%s”', (ops, words) =>
  expect(variableWords(ops.map(change), trans)).toBe(words)
);

it('only values that are shown whole are copied', () => {
  const text = variableText([
    { name: 'MODE', value: 'a b=c', hidden: false },
    { name: 'TOKEN', value: '***', hidden: true },
    { name: 'EMPTY', value: '', hidden: false }
  ]);
  expect(text).toBe('MODE=a b=c\nEMPTY=');
});
