import type { NotebookImport, NotebookImports } from '../_models';
import {
  editRow,
  type IImportRow,
  leftOut,
  proposeRows,
  rowValues
} from '../notebook/importschoice';

function found(change: Partial<NotebookImport>): NotebookImport {
  return {
    module: 'x',
    spec: 'x',
    manager: 'conda',
    origin: 'cell 1',
    reason: '',
    installed: false,
    ...change
  };
}

const ANSWER: NotebookImports = {
  imports: [
    found({ module: 'cv2', spec: 'opencv' }),
    found({ module: '', spec: 'tiny-plot', manager: 'pypi' }),
    found({ module: 'mylab', spec: null, reason: 'not found' })
  ],
  python: '3.11.4',
  problems: []
};

let rows: IImportRow[];

beforeEach(() => {
  rows = proposeRows(ANSWER);
});

it('propose what was found, and leave open what was not', () => {
  expect(rows.map(({ wanted, spec }) => [wanted, spec])).toEqual([
    [true, 'opencv'],
    [true, 'tiny-plot'],
    [false, '']
  ]);
  expect(leftOut(rows)).toBe(1);
});

it('fill the form with what is wanted, by where it is from', () => {
  expect(rowValues(rows, ANSWER.python)).toEqual({
    specs: ['opencv'],
    pypi: ['tiny-plot'],
    python: '3.11'
  });
});

it('take a package that is named for what was not found', () => {
  rows[2] = editRow(rows[2], { spec: ' mylab-tools ' });
  expect(rows[2].wanted).toBe(true);
  expect(rowValues(rows, null).specs).toEqual(['opencv', 'mylab-tools']);
  rows[2] = editRow(rows[2], { spec: '' });
  expect(rows[2].wanted).toBe(false);
});

it('take a package from where the user says', () => {
  rows[0] = editRow(rows[0], { manager: 'pypi' });
  rows[1] = editRow(rows[1], { wanted: false });
  expect(rowValues(rows, null)).toEqual({ specs: [], pypi: ['opencv'] });
});

it('ask for each package once', () => {
  rows = [...rows, ...proposeRows(ANSWER)];
  expect(rowValues(rows, null).specs).toEqual(['opencv']);
});

it('leave the Python alone where a package is one', () => {
  rows[2] = editRow(rows[2], { spec: 'python=3.12' });
  expect(rowValues(rows, '3.11')).not.toHaveProperty('python');
});
