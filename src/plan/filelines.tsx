import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Problem } from '../_models';
import { isWarning, lineOf } from './filewords';
import { relaxationsOf } from './relaxing';

/** Whether a problem is what a file says, so that only another text helps. */
export function isAboutFile(problem: Problem): boolean {
  const { code, field } = problem;
  return (
    code === 'invalid' && field === 'source' && !relaxationsOf(problem).length
  );
}

/** The lines that a problem of a file is about, each once. */
export function badLines(problem: Problem): [line: number, problem: Problem][] {
  const { problems } = problem.details;
  const all = Array.isArray(problems) ? (problems as Problem[]) : [problem];
  const found = new Map<number, Problem>();
  for (const one of all) {
    const line = lineOf(one);
    if (line !== null && !isWarning(one) && !found.has(line)) {
      found.set(line, one);
    }
  }
  return [...found].sort(([one], [other]) => one - other);
}

/** What a problem says of lines of a file, one by one, and of all of them where it says more; empty where it names no line. */
export function lineProblems(problem: Problem): Problem[] {
  // The line is told beside it.
  const message = problem.message.replace(/^Line \d+: /, '');
  const bad = badLines(problem);
  if (bad.length === 1) {
    return [{ ...problem, message, details: { line: bad[0][0] } }];
  }
  const each = bad.map(([, one]) => one);
  return !bad.length || each.some(({ hint }) => hint === problem.hint)
    ? each
    : [{ ...problem, message, details: {} }, ...each];
}

/** The lines of a file that a problem is about, as the file has them. */
export function FileLines(props: {
  text: string;
  problem: Problem;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { text, problem, trans } = props;
  const lines = text.split(/\r\n?|\n/);
  const bad = badLines(problem);
  if (!bad.length) {
    return null;
  }
  return (
    <ul
      className="jp-EnvManager-fileLines"
      aria-label={trans.__('Lines of the file')}
      tabIndex={0}
    >
      {bad.map(([line, one]) => (
        <li key={line}>
          <span className="jp-EnvManager-fileLineNumber">{line}</span>
          <code>{lines[line - 1] ?? ''}</code>
          {/* The problem itself says it of a single one. */}
          {bad.length > 1 && (
            <div className="jp-EnvManager-hint">
              {one.message} {one.hint}
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
