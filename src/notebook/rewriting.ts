import type { TranslationBundle } from '@jupyterlab/translation';

import type { IEnvManagerModel } from '../tokens';

/** Write a kernel anew for its environment, one that is not ours only after asking; false when the user says no. */
export async function rewriteKernel(
  model: IEnvManagerModel,
  name: string,
  trans: TranslationBundle
): Promise<boolean> {
  if (!model.kernel(name)) {
    await model.refresh('kernels');
  }
  const kernel = model.kernel(name);
  const force = kernel !== undefined && !kernel.stamped;
  if (force) {
    const { confirmForeign } = await import('../kernels/kerneldialogs');
    if (!(await confirmForeign(kernel, trans))) {
      return false;
    }
  }
  await model.rewriteKernel(name, force);
  return true;
}
