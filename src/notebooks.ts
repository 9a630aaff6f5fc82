import type { KernelSpec } from '@jupyterlab/services';
import type { CommandRegistry } from '@lumino/commands';

/** Open a new notebook with a kernel, by the means that this application has. */
export async function openNotebook(
  commands: CommandRegistry,
  kernelspecs: KernelSpec.IManager,
  kernelName: string
): Promise<void> {
  if (!kernelspecs.specs?.kernelspecs[kernelName]) {
    await kernelspecs.refreshSpecs();
  }
  if (commands.hasCommand('notebook:create-new')) {
    await commands.execute('notebook:create-new', { kernelName });
    return;
  }
  const file = (await commands.execute('docmanager:new-untitled', {
    type: 'notebook'
  })) as { path: string };
  await commands.execute('docmanager:open', {
    path: file.path,
    factory: 'Notebook',
    kernel: { name: kernelName }
  });
}
