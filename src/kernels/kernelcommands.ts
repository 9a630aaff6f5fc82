import { Clipboard } from '@jupyterlab/apputils';

import type { Kernel } from '../_models';
import {
  type Args,
  argument,
  type ICommandOptions,
  target
} from '../commandargs';
import { CommandIDs } from '../tokens';
import type { KernelActions } from './kernelactions';
import { isChangeable, lockedWords } from './kernelproblems';

/** Add the commands that work on kernels. */
export function addKernelCommands(options: ICommandOptions): void {
  const { app, model, trans } = options;
  const find = (args: Args): Kernel | undefined => {
    const name = target(app, args, 'kernel', 'kernel');
    return name === undefined ? undefined : model.kernel(name);
  };
  const add = (
    id: string,
    command: {
      label: string | ((kernel: Kernel | undefined) => string);
      caption: string | ((kernel: Kernel | undefined) => string);
      isEnabled?: (kernel: Kernel) => boolean;
      isVisible?: (kernel: Kernel) => boolean;
      execute: (actions: KernelActions, kernel: Kernel) => Promise<void>;
    }
  ) => {
    const { label, caption, isEnabled, isVisible, execute } = command;
    app.commands.addCommand(id, {
      label: args => (typeof label === 'string' ? label : label(find(args))),
      caption: args =>
        typeof caption === 'string' ? caption : caption(find(args)),
      isEnabled: args => {
        const kernel = find(args);
        return kernel !== undefined && (isEnabled?.(kernel) ?? true);
      },
      isVisible: args => {
        const kernel = find(args);
        return !isVisible || (kernel !== undefined && isVisible(kernel));
      },
      execute: async args => {
        const kernel = find(args);
        if (kernel) {
          await execute(await kernelActions(options), kernel);
        }
      },
      describedBy: argument('kernel', trans.__('The name of the kernel'))
    });
  };

  add(CommandIDs.checkKernel, {
    label: trans.__('Test Start'),
    caption: trans.__('Start this kernel once and see whether it answers'),
    isEnabled: ({ name, orphan }) => !orphan && !model.isChecking(name),
    execute: (actions, kernel) => actions.check(kernel)
  });
  add(CommandIDs.explainKernel, {
    label: trans.__('Test Details…'),
    caption: trans.__('Show what the last test start has found'),
    isVisible: ({ check }) =>
      check?.state === 'passed' || check?.state === 'failed',
    execute: (actions, kernel) => actions.details(kernel)
  });
  add(CommandIDs.editKernel, {
    label: trans.__('Edit…'),
    caption: trans.__('Change name, logo, variables and modules'),
    execute: (actions, kernel) => actions.edit(kernel)
  });
  add(CommandIDs.copyKernel, {
    label: trans.__('Duplicate…'),
    caption: trans.__('Make a copy of this kernel, to change it'),
    execute: (actions, kernel) => actions.copy(kernel)
  });
  add(CommandIDs.moveKernel, {
    label: kernel =>
      kernel?.scope === 'group'
        ? trans.__('Move to Me')
        : trans.__('Move to the Group…'),
    caption: trans.__('Change who has this kernel in their launcher'),
    isEnabled: isChangeable,
    isVisible: ({ scope }) =>
      Boolean(model.get('kernels').data?.group) &&
      (scope === 'me' || scope === 'group'),
    execute: (actions, kernel) => actions.move(kernel)
  });
  add(CommandIDs.copyKernelPath, {
    label: trans.__('Copy Path'),
    caption: trans.__('Copy the folder of this kernelspec'),
    execute: async (_, { path }) => Clipboard.copyToSystem(path)
  });
  add(CommandIDs.removeKernel, {
    label: trans.__('Remove Kernel…'),
    caption: kernel =>
      kernel && !isChangeable(kernel)
        ? lockedWords(kernel, trans)
        : trans.__('Delete this kernelspec; its environment stays'),
    isEnabled: isChangeable,
    execute: (actions, kernel) => actions.remove(kernel)
  });
}

/** What can be done with kernels, once it is needed. */
export async function kernelActions({
  app,
  model,
  trans
}: ICommandOptions): Promise<KernelActions> {
  const { KernelActions } = await import('./kernelactions');
  return new KernelActions(model, app.commands, trans);
}
