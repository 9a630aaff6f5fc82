import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { Kernel } from '../_models';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { openMenu } from '../widgets/menus';
import type { KernelActions } from './kernelactions';
import type { IKernelVerbs } from './kernels';

/** What can be done with a kernel, wherever it is listed. */
export function kernelVerbs(
  model: IEnvManagerModel,
  commands: CommandRegistry,
  trans: TranslationBundle
): IKernelVerbs {
  const run = (id: string, kernel: Kernel) =>
    void commands.execute(id, { kernel: kernel.name });
  const act = (action: (actions: KernelActions) => Promise<void>) =>
    void import('./kernelactions').then(({ KernelActions }) =>
      action(new KernelActions(model, commands, trans))
    );
  return {
    open: kernel => run(CommandIDs.openNotebook, kernel),
    explain: kernel => act(actions => actions.details(kernel)),
    check: kernel => run(CommandIDs.checkKernel, kernel),
    remove: kernel => run(CommandIDs.removeKernel, kernel),
    remedy: (kernel, problem) =>
      act(actions => actions.remedy(kernel, problem)),
    menu: ({ name }, anchor) =>
      openMenu(commands, anchor, { kernel: name }, [
        CommandIDs.openNotebook,
        CommandIDs.checkKernel,
        CommandIDs.explainKernel,
        CommandIDs.editKernel,
        CommandIDs.copyKernel,
        CommandIDs.moveKernel,
        CommandIDs.copyKernelPath,
        null,
        CommandIDs.removeKernel
      ])
  };
}
