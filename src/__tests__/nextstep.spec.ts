/** What leads on: the way out of a problem, a name that is free, what is said only once. */
import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import React from 'react';

import type { Plan } from '../_models';
import { makeProblem } from '../api';
import { untaken } from '../create/proposal';
import { JobView } from '../jobs/jobview';
import { canRelax, withoutRelaxed } from '../plan/relaxing';
import { CommandIDs } from '../tokens';
import { makeCreation, PLAN } from './creations';
import { makeJob, until } from './fakes';

const relaxed = (...choices: string[]) => ({
  ...makeProblem('unsatisfiable', '', ''),
  details: { relaxations: [{ spec: 'a=1=x', choices }] }
});

it('a pin that something could stand for is a way out', () => {
  expect(canRelax(relaxed('a=1'))).toBe(true);
  expect(canRelax(relaxed())).toBe(false);
  expect(canRelax(makeProblem('invalid', '', ''))).toBe(false);
  expect(canRelax(null)).toBe(false);
});

it('what is relaxed is not said again among the warnings', () => {
  const warnings = ['relaxed', 'platform'].map(code =>
    makeProblem(code, code, '')
  );
  const plan = { ...PLAN, warnings } as unknown as Plan;
  expect(withoutRelaxed(plan)).toEqual([warnings[1]]);
});

it.each([
  ['stats', ['other'], 'stats'],
  ['stats', ['stats', 'stats-2'], 'stats-3'],
  ['', [''], '']
])('%j beside %j is called %j', (name, taken, expected) => {
  expect(untaken(name, taken)).toBe(expected);
});

it('what is missing of an archive is said before its name, which comes with it', async () => {
  const { creation, stop } = makeCreation({ start: 'archive' });
  await creation.preview();
  expect(creation.problemOf('archive')?.message).toContain('Choose');
  expect(creation.problemOf('name')).toBeNull();
  stop();
});

it.each([
  [null, ['Open environment', 'New environment'], 'Open environment'],
  [
    'python-x',
    ['Open notebook', 'Open environment', 'New environment'],
    'Open notebook'
  ]
])(
  'an environment with the kernel %p leads on to %j',
  async (kernel, labels, first) => {
    const execute = jest.fn(async () => undefined);
    const nothing = () => undefined;
    const view = React.createElement(JobView, {
      job: makeJob({ state: 'succeeded', kernel }),
      events: [],
      speed: null,
      onCancel: nothing,
      onOpenNotebook: nothing,
      onNew: nothing,
      commands: { execute } as never,
      trans: nullTranslator.load('test')
    });
    const widget = ReactWidget.create(view);
    Widget.attach(widget, document.body);
    await until(() => widget.node.querySelector('button') !== null);
    const buttons = [...widget.node.querySelectorAll('button')];
    expect(buttons.map(one => one.textContent)).toEqual(labels);
    const primary = widget.node.querySelector('.jp-mod-accept');
    expect(primary?.textContent).toBe(first);
    buttons.find(one => one.textContent === 'Open environment')?.click();
    expect(execute).toHaveBeenCalledWith(CommandIDs.openEnvironment, {
      environment: 'e1'
    });
    widget.dispose();
  }
);
