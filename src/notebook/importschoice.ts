import type { NotebookImport, NotebookImports } from '../_models';
import { specName } from '../specs';
import type { FormValues } from './origin';
import { minor } from './origin';

/** One thing that a notebook needs, as the user has decided about it. */
export interface IImportRow {
  /** What was found. */
  readonly found: NotebookImport;
  /** Whether it is to be installed. */
  readonly wanted: boolean;
  /** What to install; as typed. */
  readonly spec: string;
  /** Where from. */
  readonly manager: 'conda' | 'pypi';
}

/** The rows as they are proposed: what was found is ticked. */
export function proposeRows({ imports }: NotebookImports): IImportRow[] {
  return imports.map(found => ({
    found,
    wanted: found.spec !== null,
    spec: found.spec ?? '',
    manager: found.manager
  }));
}

/** A row after an edit: typing wants it, emptying the field does not. */
export function editRow(
  row: IImportRow,
  change: Partial<Pick<IImportRow, 'wanted' | 'spec' | 'manager'>>
): IImportRow {
  const { spec } = change;
  const wanted = spec === undefined ? {} : { wanted: spec.trim() !== '' };
  return { ...row, ...wanted, ...change };
}

/** How many of the rows are left out although the notebook needs them. */
export function leftOut(rows: readonly IImportRow[]): number {
  return rows.filter(({ wanted, spec }) => !wanted || !spec.trim()).length;
}

/** What of the form of a new environment the rows fill. */
export function rowValues(
  rows: readonly IImportRow[],
  python: string | null
): FormValues {
  const wanted = rows.filter(({ wanted, spec }) => wanted && spec.trim());
  const of = (manager: 'conda' | 'pypi') => [
    ...new Set(
      wanted
        .filter(row => row.manager === manager)
        .map(({ spec }) => spec.trim())
    )
  ];
  const specs = of('conda');
  const series = minor(python);
  return {
    specs,
    pypi: of('pypi'),
    ...(series && !specs.some(spec => specName(spec) === 'python')
      ? { python: series }
      : {})
  };
}
