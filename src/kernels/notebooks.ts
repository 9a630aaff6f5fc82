import type { KernelSpec } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';

/** Open a new notebook with a kernel, by the means that this application has; false when the kernel is gone. */
export async function openNotebook(
  commands: CommandRegistry,
  kernelspecs: KernelSpec.IManager,
  kernelName: string
): Promise<boolean> {
  if (!kernelspecs.specs?.kernelspecs[kernelName]) {
    await kernelspecs.refreshSpecs();
  }
  if (!kernelspecs.specs?.kernelspecs[kernelName]) {
    return false;
  }
  if (commands.hasCommand('notebook:create-new')) {
    await commands.execute('notebook:create-new', { kernelName });
    return true;
  }
  const file = (await commands.execute('docmanager:new-untitled', {
    type: 'notebook'
  })) as { path: string };
  await commands.execute('docmanager:open', {
    path: file.path,
    factory: 'Notebook',
    kernel: { name: kernelName }
  });
  return true;
}
