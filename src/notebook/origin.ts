import type { INotebookModel } from '@jupyterlab/notebook';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { Description } from '../_models';
import type { IFormValues } from '../create/formvalues';
import { untaken } from '../create/proposal';
import { pythonSeries, specName } from '../specs';

/** The key of a notebook's metadata that holds what its environment is made of. */
export const METADATA_KEY = 'jupyter_envmanager';

/** What a form can be filled with; the names that are not known to it are ignored. */
export type FormValues = Partial<IFormValues> & { pypi?: string[] };

/** Where a notebook was made, as its file tells. */
export interface IOrigin {
  /** The name of its kernel; null when it tells none. */
  readonly kernel: string | null;
  /** What its kernel was called. */
  readonly displayName: string | null;
  /** What its environment is made of; null when it does not tell. */
  readonly description: Description | null;
}

/** Read where a notebook was made. */
export function readOrigin(model: INotebookModel): IOrigin {
  const spec = model.getMetadata('kernelspec') as
    { name?: unknown; display_name?: unknown } | undefined;
  return {
    kernel: text(spec?.name) || null,
    displayName: text(spec?.display_name) || null,
    description: readDescription(model.getMetadata(METADATA_KEY))
  };
}

/**
 * Read a description out of a notebook.
 *
 * The file may be anybody's: what is not of the right type is left out, and nothing of it is used before the user has
 * seen it in the form and in the plan.
 */
export function readDescription(
  value: ReadonlyPartialJSONValue | undefined
): Description | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return null;
  }
  const given = value as Record<string, unknown>;
  const [specs, pypi] = [texts(given['specs']), texts(given['pypi'])];
  if (!specs.length && !pypi.length) {
    return null;
  }
  return {
    name: text(given['name']),
    specs,
    pypi,
    channels: texts(given['channels']),
    lock: text(given['lock']),
    python: text(given['python']) || null
  };
}

/** Fill the form of a new environment with a description; `taken` are the names that are in use. */
export function formValues(
  description: Description,
  taken: string[]
): FormValues {
  const { specs, pypi, channels } = description;
  const asked = specs.find(spec => specName(spec) === 'python');
  const series = minor(description.python);
  // `python` and `python=3.11` say no more than the form's own field for it does.
  const plain = asked === undefined ? null : pythonSeries(asked);
  const python = (plain || null) ?? series ?? 'latest';
  return {
    name: freeName(description.name, taken),
    python:
      asked === undefined && description.python === null && !pypi.length
        ? 'none'
        : python,
    specs: plain === null ? specs : specs.filter(spec => spec !== asked),
    pypi,
    channels: channels.length ? channels : null
  };
}

/** The series of a Python: `3.11` of `3.11.4`. */
export function minor(version: string | null): string | null {
  return /^\d+\.\d+/.exec(version ?? '')?.[0] ?? null;
}

/** A name for an environment like the one wanted, which is not in use; empty when there is nothing to make it of. */
export function freeName(wanted: string, taken: string[]): string {
  const name = wanted
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .replace(/-{2,}/g, '-')
    .replace(/^[-._]+|[-._]+$/g, '');
  return untaken(name, taken);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, 500) : '';
}

function texts(value: unknown): string[] {
  const values = Array.isArray(value) ? value.slice(0, 1000) : [];
  return values.map(text).filter(Boolean);
}
