import type { Comparison, CompareRequest, Environment } from '../_models';
import { EnvManagerError, makeProblem } from '../api';
import { workspacePath } from '../jobs/archives';
import { lastPacking } from '../jobs/jobstate';
import { Comparing, type Other } from '../share/comparing';
import { makeJob, until } from './fakes';

const STATS: Other = {
  kind: 'environment',
  environment: { id: 'e2', name: 'stats' } as Environment
};
const FILE: Other = { kind: 'file', file: { content: 'numpy' } };

function makeComparison(...names: string[]): Comparison {
  return {
    title: 'stats',
    differences: names.map(name => ({
      name,
      manager: 'conda',
      variable: false,
      kind: 'only_here',
      here: '1.0',
      there: null,
      here_detail: '',
      there_detail: ''
    })),
    same: 3,
    exact: true,
    problems: []
  };
}

/** A comparison whose answers come when the test says so. */
function makeComparing(other: Other | null = null) {
  const asked: CompareRequest[] = [];
  const answers: {
    give: (comparison: Comparison) => void;
    refuse: (error: Error) => void;
  }[] = [];
  const comparing = new Comparing(
    request =>
      new Promise((give, refuse) => {
        asked.push(request);
        answers.push({ give, refuse });
      }),
    other
  );
  return { comparing, asked, answers };
}

describe('a comparison', () => {
  it('asks for nothing until there is something to compare with', async () => {
    const { comparing, asked, answers } = makeComparing();
    expect(asked).toEqual([]);
    void comparing.choose(STATS);
    void comparing.choose(FILE);
    expect(asked).toEqual([
      { environment: 'e2' },
      { file: { content: 'numpy' } }
    ]);
    answers[1].give(makeComparison('of the file'));
    await until(() => comparing.comparison.data !== null);
    answers[0].give(makeComparison('too late'));
    await Promise.resolve();
    expect(comparing.shown.map(({ name }) => name)).toEqual(['of the file']);
  });

  it('shows the packages that are looked for', async () => {
    const { comparing, answers } = makeComparing(STATS);
    answers[0].give(makeComparison('numpy', 'scipy', 'NumExpr'));
    await until(() => !comparing.comparison.loading);
    comparing.filter = ' num ';
    const shown = comparing.shown.map(({ name }) => name);
    expect(shown).toEqual(['numpy', 'NumExpr']);
  });

  it('that fails says why, also where the file could not even be read', async () => {
    const { comparing, answers } = makeComparing(STATS);
    const problem = makeProblem('invalid', 'Not a mapping.', '');
    answers[0].refuse(new EnvManagerError(problem, 400));
    await until(() => !comparing.comparison.loading);
    expect(comparing.comparison.problem).toEqual(problem);

    void comparing.choose(FILE);
    comparing.refuse(problem);
    answers[1].give(makeComparison('too late'));
    await Promise.resolve();
    expect(comparing.comparison).toEqual({
      data: null,
      problem,
      loading: false
    });
  });
});

it.each([
  ['/home/ann/packs/a.tar.gz', '/home/ann', 'packs/a.tar.gz'],
  ['/home/ann/a.zip', '/home/ann/', 'a.zip'],
  ['/a.zip', '/', 'a.zip'],
  ['/home/anna/a.zip', '/home/ann', null],
  ['/home/ann/a.zip', null, null]
])('the archive %p in the workspace %p is %p', (file, root, path) => {
  expect(workspacePath(file, root)).toBe(path);
});

it('the last packing is that of this environment', () => {
  const jobs = [
    makeJob({ id: 'old', action: 'pack', created: 1 }),
    makeJob({ id: 'new', action: 'pack', created: 3 }),
    makeJob({ id: 'other', action: 'pack', environment: 'e2', created: 4 }),
    makeJob({ id: 'change', action: 'change', created: 5 })
  ];
  expect(lastPacking(jobs, 'e1')?.id).toBe('new');
  expect(lastPacking(jobs, 'e3')).toBeUndefined();
});
