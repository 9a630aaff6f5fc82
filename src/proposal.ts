import { type IFormFile, isReplaced, legalName } from './formsource';
import type { IFormValues } from './formvalues';

/** Name it so, unless the user has. */
export function proposal(
  { name: now, proposed }: IFormValues,
  wanted: string
): Partial<IFormValues> | null {
  const name = legalName(wanted);
  const free = !now.trim() || now === proposed;
  return name && name !== now && free ? { name, proposed: name } : null;
}

/** Start from a file; the name that an earlier one has proposed makes room. */
export function withFile(
  { name, proposed }: IFormValues,
  file: IFormFile
): Partial<IFormValues> {
  const stale = proposed !== '' && name === proposed;
  return { start: 'file', file, ...(stale && { name: '', proposed: '' }) };
}

/** Change the text of the file; one that has taken the place of all of it is another file, of any kind. */
export function withText(
  values: IFormValues,
  text: string
): Partial<IFormValues> {
  const { file } = values;
  return file && isReplaced(file.text, text)
    ? withFile(values, { text, filename: '' })
    : { start: 'file', file: { text, filename: file?.filename ?? '' } };
}
