import type { Creation } from './creation';
import { isWritten } from './formsource';

/** Whether the plan comes without the kernel that is asked for, as nothing in it could run one. */
export function lacksKernel({ plan, outdated }: Creation): boolean {
  const warnings = outdated ? [] : (plan?.warnings ?? []);
  return warnings.some(({ code }) => code === 'no_kernel');
}

/** Whether a file that comes from elsewhere may be put into the form: nothing but another one would make room, and that was not written by hand. */
export function takesFiles({ values, canEdit, job, busy }: Creation): boolean {
  const { start } = values;
  const free = !canEdit || start === 'file' || start === 'archive';
  return job === null && busy === null && free && !isWritten(values);
}
