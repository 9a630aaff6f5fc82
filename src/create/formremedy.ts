import type { GpuRemedy, Problem } from '../_models';
import { remediesOf } from '../plan/remedies';
import { pythonSeries, requirementName, specName } from '../specs';
import { namesPackages } from './formsource';
import type { IFormValues } from './formvalues';

/** A problem with the ways out that the form has: where a file names the packages, none that changes them. */
export function offered(problem: Problem, values: IFormValues): Problem {
  const remedies = remediesOf(problem);
  if (namesPackages(values) || !remedies.length) {
    return problem;
  }
  const fits = ({ add, remove, pypi_add, pypi_remove }: GpuRemedy) =>
    [add, remove, pypi_add, pypi_remove].every(change => !change.length);
  return {
    ...problem,
    details: { ...problem.details, remedies: remedies.filter(fits) }
  };
}

/** What a remedy changes of the form. */
export function remedied(
  values: IFormValues,
  remedy: GpuRemedy
): Partial<IFormValues> {
  const { add, remove, pypi_add: pypiAdd, pypi_remove: pypiRemove } = remedy;
  const kept = without(values.specs, remove, specName);
  const change: Partial<IFormValues> = {
    pypi: [
      ...new Set([
        ...without(values.pypi, pypiRemove, requirementName),
        ...pypiAdd
      ])
    ]
  };
  // The form has a field of its own for Python.
  const listed = values.specs.some(spec => specName(spec) === 'python');
  if (!listed && remove.some(spec => specName(spec) === 'python')) {
    change.python = 'latest';
  }
  const fresh = add.filter(spec => {
    const series = specName(spec) === 'python' ? pythonSeries(spec) : null;
    if (series !== null && !kept.some(one => specName(one) === 'python')) {
      change.python = series || 'latest';
      return false;
    }
    return true;
  });
  const names = fresh.map(specName);
  change.specs = [
    // A bare name says nothing beside a spec of that name.
    ...kept.filter(spec => !names.includes(spec.trim().toLowerCase())),
    ...fresh.filter(spec => !kept.includes(spec) || spec === specName(spec))
  ];
  if (remedy.channels !== null) {
    change.channels = remedy.channels;
  }
  if (remedy.gpu !== null) {
    change.gpu = remedy.gpu === 'machine' ? null : remedy.gpu;
  }
  return change;
}

/** A list without what is named; the server may write it with other spaces, or name only the package. */
function without(
  entries: string[],
  gone: string[],
  nameOf: (entry: string) => string
): string[] {
  return gone.reduce((rest, one) => {
    const hit = matching(rest, one, nameOf);
    return rest.filter(entry => entry !== hit);
  }, entries);
}

/** The entry that the server means: as it was typed, else the one of that package. */
export function matching(
  entries: string[],
  asked: string,
  nameOf: (entry: string) => string
): string | null {
  const compact = (text: string) => text.replace(/\s+/g, '');
  const plain = (text: string) => nameOf(text).replace(/[-_.]+/g, '-');
  return (
    entries.find(entry => compact(entry) === compact(asked)) ??
    entries.find(entry => plain(entry) === plain(asked)) ??
    null
  );
}
