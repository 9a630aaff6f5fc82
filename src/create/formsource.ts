import type { TranslationBundle } from '@jupyterlab/translation';

import type { NewEnvironment, Problem } from '../_models';
import { makeProblem } from '../api';
import { specName } from '../specs';
import type { IFormValues } from './formvalues';

/** The most letters of a name that is proposed. */
export const LONGEST_NAME = 100;

/** What an environment can start from. */
export type Start = 'packages' | 'template' | 'file' | 'clone' | 'archive';

/** Whether the packages are those of the form; else something else names them. */
export function namesPackages({ start }: IFormValues): boolean {
  return start === 'packages' || start === 'template';
}

/** Whether the form holds a text that somebody has written, and that another file would take the place of. */
export function isWritten({ file }: IFormValues): boolean {
  return file?.edited === true && file.text.trim() !== '';
}

/** Whether something is solved, so that channels and a GPU matter; a copy is what it is a copy of. */
export function isSolved(values: IFormValues): boolean {
  return namesPackages(values) || values.start === 'file';
}

/** What the environment starts from, as the server wants it. */
export function sourceOf(values: IFormValues): NewEnvironment['source'] {
  const { start, file, relaxed, clone, archive } = values;
  switch (start) {
    case 'file':
      return {
        type: 'file',
        format: '',
        content: file?.text ?? '',
        ...(file?.filename && { filename: file.filename }),
        ...(Object.keys(relaxed).length && { relaxed })
      };
    case 'clone':
      return { type: 'clone', environment: clone ?? '' };
    case 'archive':
      return { type: 'archive', path: archive.trim() };
    default:
      return packagesOf(values);
  }
}

function packagesOf({
  python,
  specs,
  pypi
}: IFormValues): NewEnvironment['source'] {
  const asked = specs.some(spec => specName(spec) === 'python');
  const first =
    asked || python === 'none'
      ? []
      : [python === 'latest' ? 'python' : `python=${python}`];
  return {
    type: 'specs',
    specs: [...first, ...specs],
    ...(pypi.length && { pypi })
  };
}

/** What is missing of a file, a copy or an archive; null when nothing is. */
export function sourceProblem(
  { start, file, clone, archive }: IFormValues,
  trans: TranslationBundle
): Problem | null {
  const missing = (message: string) =>
    makeProblem('invalid', message, '', start);
  if (start === 'file' && !file?.text.trim()) {
    return missing(trans.__('Upload a file, or write or paste its text here.'));
  }
  if (start === 'clone' && clone === null) {
    return missing(trans.__('Choose the environment to copy.'));
  }
  if (start === 'archive' && !archive.trim()) {
    return missing(trans.__('Choose the archive of a packed environment.'));
  }
  return null;
}

/** A name that an environment may have, as near to this one as can be; empty where nothing is left of it. */
export function legalName(name: string): string {
  return (
    name
      // eslint-disable-next-line no-control-regex -- what the server refuses
      .replace(/[\s/\\:#\x00-\x1f\x7f]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, LONGEST_NAME)
  );
}

/** Whether a text has taken the place of another, of which no line is left; a single line may just be typed anew. */
export function isReplaced(before: string, after: string): boolean {
  const lines = (text: string) =>
    text
      .split('\n')
      .map(line => line.trim())
      .filter(Boolean);
  const kept = new Set(lines(after));
  const old = lines(before);
  return (
    old.length > 0 &&
    (kept.size === 0 || (old.length > 1 && !old.some(line => kept.has(line))))
  );
}

/** The name that an archive proposes: `stats` for `packs/stats-2026-01-31.tar.gz`. */
export function archiveName(path: string): string {
  return (path.trim().split('/').pop() ?? '')
    .replace(/\.(?:tar\.(?:gz|zst|bz2|xz)|tgz|zip)$/i, '')
    .replace(/-\d{4}-\d{2}-\d{2}$/, '');
}
