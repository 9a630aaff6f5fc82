import type { TranslationBundle } from '@jupyterlab/translation';

import type { Kernel, KernelCheck, KernelProblem, Problem } from '../_models';

/** How many kernels have a problem. */
export function countProblems(kernels: readonly Kernel[]): number {
  return kernels.filter(({ problems }) => problems.length > 0).length;
}

/** Whether a kernel can start at all, as far as its files tell. */
export function canStart({ problems }: Kernel): boolean {
  return !problems.some(({ code }) =>
    ['orphan', 'broken', 'no_launcher'].includes(code)
  );
}

/** Whether a kernel answered in its test start, and something about it was not right. */
export function isDoubtful({ state, seconds }: KernelCheck): boolean {
  return state === 'failed' && seconds !== null;
}

/** Whether a kernelspec may be changed: those of the server's own environment go with their packages. */
export function isChangeable({ writable, scope }: Kernel): boolean {
  return writable && scope !== 'server';
}

/** Why a kernelspec may not be changed. */
export function lockedWords(
  { scope }: Kernel,
  trans: TranslationBundle
): string {
  return scope === 'server'
    ? trans.__(
        'This kernel belongs to the environment that JupyterLab runs from.'
      )
    : trans.__('You may not write in the folder of this kernel.');
}

/** Whether a remedy is ours to offer: the kernelspec may be changed, and it is known what to change. */
export function canRemedy(kernel: Kernel, problem: KernelProblem): boolean {
  switch (problem.remedy) {
    case 'install':
      return kernel.environment !== null && problem.packages.length > 0;
    case 'rename':
      return isChangeable(kernel) && Boolean(problem.proposal);
    case 'register':
      return isChangeable(kernel) && kernel.environment !== null;
    default:
      return isChangeable(kernel);
  }
}

/** The name of a remedy, on a button. */
export function remedyLabel(
  { remedy, packages, proposal }: KernelProblem,
  trans: TranslationBundle
): string {
  switch (remedy) {
    case 'install':
      return trans.__('Install %1…', packages.join(', '));
    case 'rename':
      return trans.__('Rename to “%1”', proposal ?? '');
    case 'register':
      return trans.__('Register again');
    default:
      return trans.__('Remove');
  }
}

/** The name of a remedy where there is little room. */
export function remedyWord(
  problem: KernelProblem,
  trans: TranslationBundle
): string {
  return problem.remedy === 'rename'
    ? trans.__('Rename')
    : remedyLabel(problem, trans);
}

/** The problem to solve after a test start: what the files tell, or else what the kernel wrote. */
export function problemToSolve(
  { problems }: Kernel,
  { problem }: KernelCheck
): KernelProblem | null {
  const remedy = problem?.details['remedy'];
  if (problems.length || !problem) {
    return problems[0] ?? null;
  }
  if (remedy !== 'install' && remedy !== 'register') {
    return null;
  }
  const { message, hint } = problem;
  // It says which module is missing; of those, only this one is known to be a package of the same name.
  const packages = /\bipykernel\b/.test(message) ? ['ipykernel'] : [];
  return { code: 'broken', message, hint, remedy, packages, proposal: null };
}

/** A message where there is little room: what is wrong comes before where, and the end of a path tells most. */
export function shortMessage(
  { path }: Kernel,
  { message }: Pick<Problem, 'message'>
): string {
  return message
    .split(`${path}/`)
    .join('')
    .replace(/^It starts ([^,]+), which /, '$1 ')
    .replace(
      /(?<![^\s“(])(?:\/[^\s/,;:“”()]+)+((?:\/[^\s/,;:“”()]+){3})/g,
      '…$1'
    );
}

/** Everything that is wrong with a kernel, a paragraph each. */
export function problemWords({ problems }: Kernel): string {
  return problems
    .map(({ message, hint }) => [message, hint].filter(Boolean).join(' '))
    .join('\n');
}
