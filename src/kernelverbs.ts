import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { IKernelVerbs } from './kernels';
import { openMenu } from './menus';
import { CommandIDs } from './tokens';

/** What can be done with a kernel, wherever it is listed. */
export function kernelVerbs(
  commands: CommandRegistry,
  trans: TranslationBundle
): IKernelVerbs {
  const run = (id: string, kernel: string) =>
    void commands.execute(id, { kernel });
  return {
    open: ({ name }) => run(CommandIDs.openNotebook, name),
    explain: kernel =>
      void import('./actions').then(({ explainFailedKernel }) =>
        explainFailedKernel(kernel, trans)
      ),
    check: ({ name }) => run(CommandIDs.checkKernel, name),
    remove: ({ name }) => run(CommandIDs.removeKernel, name),
    menu: ({ name }, anchor) =>
      openMenu(commands, anchor, { kernel: name }, [
        CommandIDs.openNotebook,
        CommandIDs.checkKernel,
        CommandIDs.copyKernelPath,
        null,
        CommandIDs.removeKernel
      ])
  };
}
