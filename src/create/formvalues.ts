import type { TranslationBundle } from '@jupyterlab/translation';

import type { NewEnvironment, Problem } from '../_models';
import { makeProblem } from '../api';
import type { IFormFile } from '../files/filetext';
import { baseName } from '../format';
import { gpuProblem } from '../gpu/gputyped';
import { requirementProblem } from '../requirements';
import { specProblem } from '../specs';
import {
  isSolved,
  namesPackages,
  sourceOf,
  sourceProblem,
  type Start
} from './formsource';
import type { IFilling } from './templates';

/** What the form of a new environment holds. */
export interface IFormValues {
  /** The name; used while `prefix` is null. */
  name: string;
  /** The location a name goes to; null is the default one. */
  location: string | null;
  /** The folder, when it was chosen instead of a name. */
  prefix: string | null;
  /** What the packages come from at first. */
  start: Start;
  /** The name of the template that was chosen. */
  template: string | null;
  /** What that template has put in; null while it has not. */
  filled: IFilling | null;
  /** The file; null while there is none. */
  file: IFormFile | null;
  /** The specs of the file that are asked for otherwise, and how. */
  relaxed: Record<string, string>;
  /** The id of the environment to copy; null while none is chosen. */
  clone: string | null;
  /** The path of the archive of a packed environment. */
  archive: string;
  /** The name that was proposed by what the environment starts from; whatever else is there was typed. */
  proposed: string;
  /** `latest`, `none`, or a series such as `3.12`. */
  python: string;
  /** The match specs. */
  specs: string[];
  /** The requirements that come from PyPI. */
  pypi: string[];
  /** The name of the GPU target; null is this machine. */
  gpu: string | null;
  /** Whether to register a kernel. */
  kernel: boolean;
  /** The kernel's name in the launcher; empty for the environment's name. */
  displayName: string;
  /** The channels; null for the configured ones. */
  channels: string[] | null;
}

/** The form as it opens. */
export const EMPTY_FORM: IFormValues = {
  name: '',
  location: null,
  prefix: null,
  start: 'packages',
  template: null,
  filled: null,
  file: null,
  relaxed: {},
  clone: null,
  archive: '',
  proposed: '',
  python: 'latest',
  specs: [],
  pypi: [],
  gpu: null,
  kernel: true,
  displayName: '',
  channels: null
};

/** Whether the server can tell which folder is meant: `/blue/me/x`, `~/x`. */
export function isFullPath(path: string): boolean {
  return /^~?\//.test(path.trim());
}

/** The kernel's name in the launcher when none is given. */
export function defaultDisplayName({ name, prefix }: IFormValues): string {
  return prefix === null ? name.trim() : baseName(prefix.trim());
}

/** The form as the server wants it; `accept` are the codes of the problems that were said yes to. */
export function toRequest(
  values: IFormValues,
  accept: string[]
): NewEnvironment {
  const { name, location, prefix, channels, gpu } = values;
  const displayName = values.displayName.trim() || defaultDisplayName(values);
  const solved = isSolved(values);
  return {
    source: sourceOf(values),
    kernel: values.kernel ? { display_name: displayName } : null,
    ...(prefix !== null ? { prefix: prefix.trim() } : { name: name.trim() }),
    ...(prefix === null && location !== null && { location }),
    ...(solved && channels !== null && { channels }),
    ...(solved && gpu !== null && { gpu }),
    ...(accept.length && { accept })
  };
}

/** What can be said of the form without the server. */
export function formProblem(
  values: IFormValues,
  trans: TranslationBundle
): Problem | null {
  const { name, prefix, channels, gpu } = values;
  // A file, a copy and an archive bring a name along.
  const missing = namesPackages(values) ? null : sourceProblem(values, trans);
  if (missing) {
    return missing;
  }
  if (prefix === null && !name.trim()) {
    return wrong('name', trans.__('Give the environment a name.'));
  }
  if (prefix !== null && !isFullPath(prefix)) {
    return wrong(
      'prefix',
      trans.__('Give the full path of the folder, starting with “/” or “~/”.')
    );
  }
  const problem = namesPackages(values) ? packagesProblem(values, trans) : null;
  if (problem || !isSolved(values)) {
    return problem;
  }
  const impossible = gpuProblem(gpu, trans);
  if (impossible) {
    return wrong('gpu', impossible);
  }
  if (channels !== null && !channels.length) {
    return wrong('channels', trans.__('Give at least one channel.'));
  }
  return null;
}

function packagesProblem(
  { start, template, specs, pypi, python }: IFormValues,
  trans: TranslationBundle
): Problem | null {
  if (start === 'template' && !template && !specs.length && !pypi.length) {
    return wrong(
      'template',
      trans.__('Choose a template, or start from packages.')
    );
  }
  const odd = specs.map(spec => specProblem(spec, trans)).find(Boolean) ?? '';
  if (odd) {
    return wrong('specs', odd);
  }
  const strange =
    pypi.map(line => requirementProblem(line, trans)).find(Boolean) ?? '';
  if (strange) {
    return wrong('pypi', strange);
  }
  if (!specs.length && python === 'none') {
    return wrong(
      'specs',
      trans.__('Add a package, or choose a Python version.')
    );
  }
  return null;
}

function wrong(field: keyof IFormValues, message: string): Problem {
  return makeProblem('invalid', message, '', field);
}
