import type { Environments } from '../_models';
import type { IFormFile } from '../files/filetext';
import { isReplaced, legalName, LONGEST_NAME } from './formsource';
import type { IFormValues } from './formvalues';

/** Name it so, unless the user has; or so with a number, where an environment of that name is among these. */
export function proposal(
  { name: now, proposed }: IFormValues,
  wanted: string,
  taken: Environments | null = null
): Partial<IFormValues> | null {
  const names = (taken?.environments ?? []).map(one => one.name);
  const name = untaken(legalName(wanted), names);
  const free = !now.trim() || now === proposed;
  return name && name !== now && free ? { name, proposed: name } : null;
}

/** What a clone of an environment is called. */
export function cloneName(name: string): string {
  // There may have to be a number behind it.
  return `${legalName(name).slice(0, LONGEST_NAME - 10)}-clone`;
}

/** A name as it is, or with the first number that makes it one that is not in use. */
export function untaken(name: string, taken: readonly string[]): string {
  let free = name;
  for (let number = 2; name && taken.includes(free); number++) {
    free = `${name}-${number}`;
  }
  return free;
}

/** Start from a file; the name that an earlier one has proposed makes room, and what was relaxed of that. */
export function withFile(
  { name, proposed }: IFormValues,
  file: IFormFile
): Partial<IFormValues> {
  const stale = proposed !== '' && name === proposed;
  return {
    start: 'file',
    file,
    relaxed: {},
    ...(stale && { name: '', proposed: '' })
  };
}

/** Change the text of the file; one that has taken the place of all of it is another file, of any kind. */
export function withText(
  values: IFormValues,
  text: string
): Partial<IFormValues> {
  const { file } = values;
  return file && isReplaced(file.text, text)
    ? withFile(values, { text, filename: '', edited: true })
    : {
        start: 'file',
        file: { text, filename: file?.filename ?? '', edited: true }
      };
}
