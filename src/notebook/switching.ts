import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';

import type { Environment } from '../_models';
import type { IEnvManagerModel } from '../tokens';
import { kernelName } from './notebookstate';

/** What switching needs. */
export interface ISwitchOptions {
  /** Knows kernels, and registers them. */
  model: IEnvManagerModel;
  /** What JupyterLab knows of kernels. */
  kernelspecs: KernelSpec.IManager;
}

/** The kernels of an environment that can be expected to start, by name. */
export function startableKernels(
  { kernels }: Environment,
  model: IEnvManagerModel
): string[] {
  return kernels.filter(name => {
    const kernel = model.kernel(name);
    return kernel !== undefined && !kernel.orphan;
  });
}

/**
 * Let a notebook run in an environment; gives the name of the kernel.
 *
 * An environment without a kernel gets one first. Without `kernel`, the one that runs already is kept when it is of
 * this environment; else the first is taken. Throws what the server has against it.
 */
export async function switchTo(
  { model, kernelspecs }: ISwitchOptions,
  session: ISessionContext,
  environment: Environment,
  kernel?: string
): Promise<string> {
  const kernels = startableKernels(environment, model);
  const running = kernelName(session);
  if (!kernel && kernels.includes(running)) {
    return running;
  }
  const name =
    kernel ??
    kernels[0] ??
    (await model.registerKernel({ environment: environment.id })).name;
  await changeKernel(kernelspecs, session, name);
  return name;
}

/** Let a notebook run a kernel that may have been registered a moment ago. */
export async function changeKernel(
  kernelspecs: KernelSpec.IManager,
  session: ISessionContext,
  name: string
): Promise<void> {
  if (!kernelspecs.specs?.kernelspecs[name]) {
    // The notebook writes the kernel's display name into its metadata: it has to be known.
    await kernelspecs.refreshSpecs();
  }
  await session.changeKernel({ name });
}
