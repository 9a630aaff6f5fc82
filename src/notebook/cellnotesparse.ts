import type { IOutput } from '@jupyterlab/nbformat';

/** A longer line is no install line that a person has typed. */
const LONGEST_LINE = 1000;

const NAME = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u;
const MISSING = /^No module named (['"]?)([^'"\s;]+)\1$/;
const INSTALLER = '(pip3?|conda|mamba|micromamba|uv)';
/** A line for the shell or for a magic: `!pip install x`, `%conda install x`, `!python -m pip install x`. */
const LINE = new RegExp(`^\\s*[!%].*\\b${INSTALLER}\\b.*\\binstall\\b`);
/** A line of a cell that is all shell. */
const SHELL_LINE = new RegExp(`\\b${INSTALLER}\\b.*\\binstall\\b`);
const SHELL_CELL = /^\s*%%(bash|sh|script|!)/;

/**
 * The module that an error says is missing; null for other errors.
 *
 * @param ename - the class of the error
 * @param evalue - its message
 */
export function missingModule(ename: string, evalue: string): string | null {
  if (ename !== 'ModuleNotFoundError' && ename !== 'ImportError') {
    return null;
  }
  // “No module named 'a.b'; 'a' is not a package” is about a file of the user's own: no package helps.
  const name = MISSING.exec(evalue.trim())?.[2] ?? '';
  return NAME.test(name) ? name : null;
}

/** The module that the last error of a cell's outputs says is missing; null when there is none. */
export function missingInOutputs(outputs: readonly IOutput[]): string | null {
  const errors = outputs.filter(output => output.output_type === 'error');
  const last = errors[errors.length - 1];
  return last
    ? missingModule(String(last['ename']), String(last['evalue']))
    : null;
}

/** Whether a cell may install packages; cheap, so that only the cells that may are sent to the server. */
export function hasInstallLine(source: string): boolean {
  const pattern = SHELL_CELL.test(source) ? SHELL_LINE : LINE;
  return source
    .split('\n')
    .some(line => line.length <= LONGEST_LINE && pattern.test(line));
}
