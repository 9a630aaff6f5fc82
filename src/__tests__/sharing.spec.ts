import { nullTranslator } from '@jupyterlab/translation';

import type { Environment, PlanAction, Problem } from '../_models';
import { makeProblem } from '../api';
import { goingWords } from '../environment/changefoot';
import { nextName, packName } from '../environment/packname';
import { removalHindrance } from '../environment/removing';
import { badLines, isAboutFile } from '../plan/filelines';

const trans = nullTranslator.load('test');
const DAY = new Date(2026, 0, 3);

it.each([
  ['stats', null, 'stats-2026-01-03'],
  ['my stats/2', null, 'my-stats-2-2026-01-03'],
  ['…', null, 'environment-2026-01-03'],
  ['stats', '/home/ann/stats-2026-01-02.zip', 'stats-2026-01-03'],
  ['stats', '/home/ann/stats-2026-01-03.tar.gz', 'stats-2026-01-03-1'],
  ['stats', '/home/ann/stats-2026-01-03-9.tar.zst', 'stats-2026-01-03-10'],
  ['stats', '/home/ann/mine.zip', 'stats-2026-01-03']
])('the archive of %p after %p is called %p', (name, last, expected) => {
  expect(packName(name, last, DAY)).toBe(expected);
});

it.each([
  ['stats-2026-01-03', 'stats-2026-01-03-1'],
  ['stats-2026-01-03-1.tar.gz', 'stats-2026-01-03-2'],
  ['mine', 'mine-1']
])('after %p comes %p', (name, next) => {
  expect(nextName(name)).toBe(next);
});

function fileProblem(...details: [line: number, code: string][]): Problem {
  const problems = details.map(([line, code]) => ({
    ...makeProblem(code, `Wrong in ${line}.`, '', 'source'),
    details: { line }
  }));
  return {
    ...makeProblem('invalid', 'Wrong.', '', 'source'),
    details: problems.length ? { problems } : { line: 7 }
  };
}

it('the lines of a file that are at fault come in their order, each once, without mere notes', () => {
  const problem = fileProblem(
    [5, 'file_error'],
    [2, 'file_error'],
    [5, 'file_error'],
    [3, 'file_warning']
  );
  expect(badLines(problem).map(([line]) => line)).toEqual([2, 5]);
  expect(badLines(fileProblem()).map(([line]) => line)).toEqual([7]);
  expect(badLines(makeProblem('invalid', 'Empty.', '', 'source'))).toEqual([]);
});

it.each<[string, Problem, boolean]>([
  ['a line', fileProblem(), true],
  ['a channel', makeProblem('unreachable', 'Gone.', ''), false],
  [
    'what can be asked for less strictly',
    { ...fileProblem(), details: { relaxations: [{ spec: 'numpy=1' }] } },
    false
  ]
])('a problem with %s needs another text: %#', (_, problem, about) => {
  expect(isAboutFile(problem)).toBe(about);
});

describe('what goes', () => {
  const action = (name: string, op: string, reason: string) =>
    ({ name, op, reason }) as PlanAction;

  it('is counted, what was asked for first', () => {
    const actions = [
      ...'abcdefg'.split('').map(name => action(name, 'remove', 'needed')),
      action('ipykernel', 'remove', 'asked'),
      action('numpy', 'install', 'asked')
    ];
    expect(goingWords('stats', actions, trans)).toBe(
      '8 packages are not in “stats” and will be removed: ipykernel, a, b, c, d, e, …'
    );
    expect(goingWords('stats', actions.slice(0, 1), trans)).toBe(
      '1 package is not in “stats” and will be removed: a'
    );
  });

  it('is not made up before the plan is there, or where nothing goes', () => {
    expect(goingWords('stats', null, trans)).toMatch(
      /^What is not in “stats” will be removed/
    );
    expect(goingWords('stats', [], trans)).toMatch(/^There is nothing/);
  });
});

it.each<[Partial<Environment>, RegExp | '']>([
  [{}, ''],
  [{ writable: false, owner: 'eva' }, /belongs to eva: ask them/],
  [{ writable: false }, /^You may not change the folder \/e\.$/],
  [{ protected: true, protected_reason: 'It is base.' }, /It is base/]
])('%p is kept from being removed by %p', (given, why) => {
  const environment = {
    protected: false,
    writable: true,
    owner: '',
    prefix: '/e',
    ...given
  } as Environment;
  expect(removalHindrance(environment, trans)).toMatch(why || /^$/);
});
