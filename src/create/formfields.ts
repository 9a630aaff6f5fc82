import type { Problem } from '../_models';
import { relaxationsOf } from '../plan/relaxing';
import { remediesOf } from '../plan/remedies';
import { matching } from './formremedy';
import { isSolved, namesPackages } from './formsource';
import type { IFormValues } from './formvalues';

/** The form's fields that a problem may be about. */
export type Field =
  | 'name'
  | 'location'
  | 'prefix'
  | 'template'
  | 'specs'
  | 'pypi'
  | 'gpu'
  | 'channels'
  | 'kernel'
  | 'file'
  | 'clone'
  | 'archive';

const FIELDS: Field[] = [
  'name',
  'location',
  'prefix',
  'template',
  'specs',
  'pypi',
  'gpu',
  'channels',
  'kernel',
  'file',
  'clone',
  'archive'
];

/** What needs an explicit yes: conda packages would be overwritten; a GPU was wanted and a CPU build came out. */
export type Yes = 'overwrites_conda' | 'cpu_build';

/** All of them. */
export const YES: readonly Yes[] = ['overwrites_conda', 'cpu_build'];
/** Too much to be said at a field. */
const LONG: readonly string[] = [...YES, 'build_failed'];

/** The field that a problem is shown at; null for one that is about more, or needs more room. */
export function fieldOf(
  problem: Problem | null,
  values: IFormValues
): Field | null {
  if (
    !problem ||
    LONG.includes(problem.code) ||
    remediesOf(problem).length ||
    relaxationsOf(problem).length
  ) {
    return null;
  }
  const named = problem.field === 'source' ? values.start : problem.field;
  const field = FIELDS.find(name => name === named);
  return field && isShown(field, values) ? field : null;
}

/** The package or requirement as typed that a problem is about; null when it names none of them. */
export function faultyEntry(
  problem: Problem | null,
  values: IFormValues,
  field: 'specs' | 'pypi',
  key: string,
  nameOf: (entry: string) => string
): string | null {
  const asked = problem?.field === field ? problem.details?.[key] : null;
  return typeof asked === 'string'
    ? matching(values[field], asked, nameOf)
    : null;
}

function isShown(field: Field, values: IFormValues): boolean {
  switch (field) {
    case 'specs':
    case 'pypi':
      return namesPackages(values);
    case 'gpu':
    case 'channels':
      return isSolved(values);
    case 'template':
    case 'file':
    case 'clone':
    case 'archive':
      return field === values.start;
    default:
      return true;
  }
}

/** What else a change of puts right what a field has said, by the field. */
const RELATED: Record<string, (keyof IFormValues)[]> = {
  kernel: ['displayName'],
  // Some of what PyPI's packages lack is conda's to bring.
  pypi: ['specs', 'python'],
  template: ['start', 'specs', 'pypi', 'gpu'],
  gpu: ['specs', 'pypi', 'python', 'channels'],
  source: ['file', 'relaxed', 'clone', 'archive', 'channels', 'gpu']
};

/** Whether a change of the form may put a field right. */
export function touches(field: string, change: Partial<IFormValues>): boolean {
  return [field, ...(RELATED[field] ?? [])].some(name => name in change);
}
