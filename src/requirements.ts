import type { TranslationBundle } from '@jupyterlab/translation';

import { isRequirement } from './specs';

const REQUIREMENT =
  /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\s*(?:\[[\w\s,.-]*\]\s*)?(?:\(?(?:===?|[<>!~]=|[<>])[^=<>;][^;]*)?(?:;.+)?$/;

/**
 * Split typed or pasted text into requirements.
 *
 * `requests flask`, `requests, flask` and one a line are two; `flask[async]>=2, <4` and `x @ https://…` are one. A
 * whole `pip install` line and a requirements file may be pasted.
 */
export function splitRequirements(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .map(line =>
      line
        .replace(/(^|\s)#.*$/, '')
        .replace(/^\s*[!%]?\s*(?:\S*python\S*\s+-m\s+)?pip3?\s+install\s+/, '')
        .trim()
    )
    .filter(Boolean)
    .flatMap(splitLine);
}

function splitLine(line: string): string[] {
  if (/\s@\s|;|^-/.test(line)) {
    return [line];
  }
  return line
    .replace(/\s*(\[|[=<>!~]=+|[<>])\s*/g, '$1')
    .replace(/,\s*(?=[=<>!~\]])/g, ',')
    .replace(/\[[^\]]*\]/g, extras => extras.replace(/\s+/g, ''))
    .split(/\s*,\s+|\s+|,(?=[A-Za-z][^\]]*(?:\[|$))(?![^[]*\])/)
    .filter(Boolean);
}

/** What keeps a text from being a requirement; empty when nothing does. The server has the last word. */
export function requirementProblem(
  requirement: string,
  trans: TranslationBundle
): string {
  const text = requirement.trim();
  if (isRequirement(text) || /^[~.]?\.?\//.test(text)) {
    return '';
  }
  if (text.startsWith('-')) {
    return trans.__('“%1” is an option, not a package.', text);
  }
  if (/^[\w.-]+\s*=[^=]/.test(text)) {
    return trans.__(
      '“%1” is how conda writes it: PyPI wants “==” before a version.',
      text
    );
  }
  return REQUIREMENT.test(text)
    ? ''
    : trans.__('“%1” is not a package and a version.', text);
}
