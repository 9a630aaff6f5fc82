import type { TranslationBundle } from '@jupyterlab/translation';

const NAME = /^(?:[\w.+/-]+::)?([A-Za-z0-9_][\w.-]*)/;
const OPERATOR = /[=<>!~]/;

/** The package a match spec is about: `numpy` of `conda-forge::numpy >=1.2,<2`. */
export function specName(spec: string): string {
  return (NAME.exec(spec.trim())?.[1] ?? '').toLowerCase();
}

/** Whether a text already says more than a package's name. */
export function hasConstraint(text: string): boolean {
  return OPERATOR.test(text) || /\S\s+\S/.test(text.trim());
}

/**
 * What keeps a text from being a match spec; empty when nothing does.
 *
 * Catches what people type or paste by mistake; the server has the last word.
 */
export function specProblem(spec: string, trans: TranslationBundle): string {
  const text = spec.trim();
  if (text.startsWith('-')) {
    return trans.__(
      '“%1” is an option, not a package. Set channels under “Channels”.',
      text
    );
  }
  if (/[;|&`$"'\\]/.test(text.replace(/\[.*\]$/, ''))) {
    return trans.__('“%1” has a character that no package name has.', text);
  }
  const match = NAME.exec(text);
  if (!match) {
    return trans.__('“%1” does not start with a package name.', text);
  }
  const rest = text.slice(match[0].length).trim();
  if (rest && !/^[=<>!~[\d*]/.test(rest)) {
    return trans.__('“%1” is not a package and a version.', text);
  }
  if (/[=<>!~]$/.test(rest)) {
    return trans.__('“%1” lacks a version after the sign.', text);
  }
  return '';
}

/**
 * Split typed or pasted text into match specs.
 *
 * `numpy pandas`, `numpy, pandas` and one a line are two specs; `numpy >=1.2, <2` is one.
 */
export function splitSpecs(text: string): string[] {
  const specs: string[] = [];
  for (const line of text.split(/[\r\n]+/)) {
    const tokens = line
      .replace(/,\s+(?=[=<>!~])/g, ',')
      .replace(/,(?![=<>!~\d])/g, ' ')
      .split(/\s+/);
    let open = false;
    for (const token of tokens.filter(Boolean)) {
      const last = specs.length - 1;
      if (
        open &&
        (/^[=<>!~[\d*]/.test(token) || /[=<>!~]$/.test(specs[last]))
      ) {
        specs[last] += OPERATOR.test(token[0]) ? token : ` ${token}`;
        specs[last] = specs[last].replace(/([=<>!~]) /g, '$1');
      } else {
        specs.push(token);
        open = true;
      }
    }
  }
  return specs;
}

/** The `major.minor` series of a list of versions, newest first. */
export function minorSeries(versions: string[]): string[] {
  const series = new Set<string>();
  for (const version of versions) {
    const match = /^(\d+\.\d+)(?:\.\d+)*$/.exec(version);
    if (match) {
      series.add(match[1]);
    }
  }
  const key = (text: string) => text.split('.').map(Number);
  return [...series].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return y[0] - x[0] || y[1] - x[1];
  });
}

/** Whether only PyPI understands a text: an address, a repository, an editable folder. */
export function isRequirement(text: string): boolean {
  return /^(?:-e\s|(?:git|hg|svn|bzr)\+|https?:\/\/|[\w.-]+(?:\[[\w\s,.-]*\])?\s*@\s)/i.test(
    text.trim()
  );
}

/** Whether PyPI understands a package and its versions, too: `numpy<2`, not `numpy=1`, `conda-forge::numpy`. */
export function isPythonRequirement(spec: string): boolean {
  return /^[\w][\w.-]*\s*(?:\[[^\]]*\]\s*)?(?:(?:[<>!~=]=|[<>])\s*[\w.*+!-]+\s*,?\s*)+$/.test(
    spec.trim()
  );
}

/** The package that a requirement is about: `flask` of `Flask[async]>=2`; an address stands for itself. */
export function requirementName(text: string): string {
  const requirement = text.trim();
  const named = /^([\w][\w.-]*)\s*(?:\[[^\]]*\]\s*)?(?:@\s|$|[=<>!~;\s])/.exec(
    requirement
  );
  const egg = /#(?:.*&)?egg=([\w.-]+)/.exec(requirement);
  return (named?.[1] ?? egg?.[1])?.toLowerCase() ?? requirement;
}

/** The series that a spec of Python asks for, empty for any; null when it says more than that. */
export function pythonSeries(spec: string): string | null {
  const match = /^python(?:\s*={0,2}\s*(\d+\.\d+)(?:\.\*)?)?$/i.exec(
    spec.trim()
  );
  return match ? (match[1] ?? '') : null;
}
