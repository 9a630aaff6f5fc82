import type { TranslationBundle } from '@jupyterlab/translation';

import type { FileContent, Problem } from '../_models';
import { joinParts } from '../format';
import { specName } from '../specs';

/** The line of a file that a problem is about, from 1; null when it is about all of it. */
export function lineOf({ details }: Problem): number | null {
  const { line } = details;
  return typeof line === 'number' ? line : null;
}

/** Whether a problem only says what is passed over. */
export function isWarning({ code }: Problem): boolean {
  return code === 'file_warning';
}

/** What is wrong with a file: what stops it first, each by line. */
export function sortedProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (one, two) =>
      Number(isWarning(one)) - Number(isWarning(two)) ||
      (lineOf(one) ?? 0) - (lineOf(two) ?? 0)
  );
}

/** `environment.yml: 3 packages · 1 from PyPI · channels conda-forge, bioconda` */
export function fileSummary(
  content: FileContent,
  trans: TranslationBundle
): string {
  const { format, specs, pypi, channels, platforms, locked } = content;
  const variables = Object.keys(content.variables).length;
  const onlyPython =
    pypi.length > 0 && specs.length === 1 && specName(specs[0]) === 'python';
  const parts = joinParts(
    locked > 0 && trans._n('%1 exact package', '%1 exact packages', locked),
    // What PyPI’s packages run on comes along, whether or not the file names it.
    !onlyPython &&
      specs.length > 0 &&
      trans._n('%1 package', '%1 packages', specs.length),
    pypi.length > 0 && trans.__('%1 from PyPI', String(pypi.length)),
    onlyPython && trans.__('with Python'),
    channels !== null &&
      channels.length > 0 &&
      trans._n(
        'channel %2',
        'channels %2',
        channels.length,
        channels.join(', ')
      ),
    variables > 0 && trans._n('%1 variable', '%1 variables', variables),
    platforms.length > 0 && trans.__('for %1', platforms.join(', '))
  );
  return `${format}: ${parts}`;
}
