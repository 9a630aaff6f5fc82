import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { Environment, Kernel, KernelProblem } from '../_models';
import { toProblem } from '../api';
import { installItem, type ITakesWishes } from '../plan/pending';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { showProblem } from '../widgets/dialogs';
import {
  confirmForeign,
  confirmKernelRemoval,
  confirmSharing,
  proposePackages,
  showCheck
} from './kerneldialogs';
import * as editor from './kerneleditor';
import { isChangeable, problemToSolve } from './kernelproblems';

/** What can be done with kernels beyond one request: dialogs, confirmations, remedies. */
export class KernelActions {
  /** Act on the kernels of this model. */
  constructor(
    private readonly _model: IEnvManagerModel,
    private readonly _commands: CommandRegistry,
    private readonly _trans: TranslationBundle
  ) {}

  /** Register a kernel for an environment: with everything as usual, or as the user sets it. */
  async register(environment: Environment, options: boolean): Promise<void> {
    const { _model: model, _trans: trans } = this;
    const title = trans.__('No kernel for %1', environment.name);
    await this._try(title, async () => {
      const inside = model.inside(environment.id);
      const offers = await inside.kernelOffers();
      if (!offers.offers.length) {
        const packages = await proposePackages(environment, offers, trans);
        if (packages) {
          await this._install(environment.id, packages);
        }
      } else if (options) {
        await model.refresh('kernels');
        await editor.makeKernel(model, environment, offers, trans);
      } else {
        const kernel = await model.registerKernel({
          environment: environment.id
        });
        this._say(trans.__('%1 is registered.', kernel.display_name));
      }
    });
  }

  /** Start a kernel once; the lists show how it went, a dialog shows why it did not. */
  async check(kernel: Kernel): Promise<void> {
    const { display_name: name } = kernel;
    await this._try(this._trans.__('%1 did not start', name), async () => {
      const check = await this._model.checkKernel(kernel.name);
      if (check.state === 'failed') {
        await this.details({ ...(this._now(kernel) ?? kernel), check });
      }
    });
  }

  /** Show what the last test start has found, with the remedy where there is one. */
  async details(kernel: Kernel): Promise<void> {
    if (!kernel.check) {
      return;
    }
    const wish = await showCheck(kernel, kernel.check, this._trans);
    if (wish === 'remedy') {
      await this.remedy(kernel, problemToSolve(kernel, kernel.check)!);
    } else if (wish === 'environment') {
      // Its files can be checked there, and earlier states be gone back to.
      await this._commands.execute(CommandIDs.openEnvironment, {
        environment: kernel.environment
      });
    }
  }

  /** Let the user change a kernel. */
  async edit(kernel: Kernel): Promise<void> {
    const { _model: model, _trans: trans } = this;
    const title = trans.__('%1 cannot be edited', kernel.display_name);
    await this._try(title, async () => {
      const read = await model.kernelSettings(kernel.name);
      const settings = isChangeable(kernel) ? read : { ...read, editable: [] };
      if (await editor.editKernel(model, settings, trans)) {
        await this.copy(kernel, true);
      }
    });
  }

  /** Let the user make a copy; `edit` it then. */
  async copy(kernel: Kernel, edit = false): Promise<void> {
    const made = await editor.copyKernel(this._model, kernel, this._trans);
    if (made && edit) {
      await this.edit(made);
    }
  }

  /** Move a kernel to the folder that it is not in. */
  async move(kernel: Kernel): Promise<void> {
    const { _model: model, _trans: trans } = this;
    const { name, display_name, stamped } = kernel;
    const title = trans.__('%1 cannot be moved', display_name);
    if (kernel.scope === 'group') {
      await this._change(kernel, title, async force => {
        await model.moveKernel(name, 'me', force);
        this._say(trans.__('%1 is there only for you now.', display_name));
      });
      return;
    }
    const folder = model.get('kernels').data?.group ?? '';
    if (await confirmSharing(kernel, folder, trans)) {
      await this._try(title, async () => {
        await model.moveKernel(name, 'group', !stamped);
        this._say(trans.__('%1 is there for the group now.', display_name));
      });
    }
  }

  /** Remove a kernelspec, after asking. */
  async remove(kernel: Kernel): Promise<void> {
    const { _model: model, _trans: trans } = this;
    const title = trans.__('%1 cannot be removed', kernel.display_name);
    await this._try(title, async () => {
      if (await confirmKernelRemoval(kernel, trans)) {
        await model.removeKernel(kernel.name, !kernel.stamped);
      }
    });
  }

  /** Put a problem right. */
  async remedy(kernel: Kernel, problem: KernelProblem): Promise<void> {
    const { _model: model, _trans: trans } = this;
    const { name, display_name, environment } = kernel;
    switch (problem.remedy) {
      case 'install':
        await this._install(environment!, problem.packages);
        break;
      case 'rename':
        await this._change(
          kernel,
          trans.__('%1 cannot be renamed', display_name),
          force =>
            model.editKernel(name, { display_name: problem.proposal }, force)
        );
        break;
      case 'register':
        await this._change(
          kernel,
          trans.__('%1 cannot be registered again', display_name),
          force => model.rewriteKernel(name, force)
        );
        break;
      case 'remove':
        // Ours leads nowhere: nothing is lost that would be worth a question.
        await (kernel.stamped
          ? this._try(trans.__('%1 cannot be removed', display_name), () =>
              model.removeKernel(name)
            )
          : this.remove(kernel));
    }
  }

  /** Open the page of an environment with packages to be installed. */
  private async _install(
    environment: string,
    packages: readonly string[]
  ): Promise<void> {
    const page = (await this._commands.execute(CommandIDs.openEnvironment, {
      environment,
      tab: 'packages'
    })) as { content: ITakesWishes } | undefined;
    page?.content.alteration.add(...packages.map(name => installItem(name)));
  }

  /** Change a kernelspec; one that is not ours only after asking. */
  private async _change(
    kernel: Kernel,
    title: string,
    change: (force: boolean) => Promise<unknown>
  ): Promise<void> {
    if (kernel.stamped || (await confirmForeign(kernel, this._trans))) {
      await this._try(title, () => change(!kernel.stamped));
    }
  }

  private async _try(
    title: string,
    action: () => Promise<unknown>
  ): Promise<void> {
    try {
      await action();
    } catch (error) {
      await showProblem(title, toProblem(error), this._trans);
    }
  }

  private _now({ name }: Kernel): Kernel | undefined {
    return this._model.kernel(name);
  }

  private _say(message: string): void {
    Notification.info(message, { autoClose: 2000 });
  }
}
