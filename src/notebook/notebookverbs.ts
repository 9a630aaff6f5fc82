import type { JupyterFrontEnd } from '@jupyterlab/application';
import {
  Dialog,
  type ISessionContextDialogs,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';

import type { Job } from '../_models';
import { toProblem } from '../api';
import { baseName } from '../format';
import type { IWaitingNotebook } from '../jobs/waiting';
import { installItem, savedItems } from '../plan/pending';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { showProblem } from '../widgets/dialogs';
import type { IBannerVerbs } from './banner';
import { pickEnvironment, takenNames } from './choose';
import { type IFollowedPage, JobFollower } from './jobfollower';
import {
  type IChoice,
  type IMenuEntry,
  openNotebookMenu
} from './notebookmenu';
import { environmentName, environmentOf, kernelName } from './notebookstate';
import { formValues, type FormValues, freeName } from './origin';
import type { OriginWatch } from './originwatch';
import { rewriteKernel } from './rewriting';
import { changeKernel, switchTo } from './switching';

/** What the verbs need. */
export interface INotebookVerbsOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** Asks before a kernel is restarted. */
  dialogs: ISessionContextDialogs;
  /** Where the notebooks that are open were made. */
  watches: ReadonlyMap<NotebookPanel, OriginWatch>;
  /** Translates. */
  trans: TranslationBundle;
}

/** What a user can do about the environment of a notebook. */
export class NotebookVerbs {
  /** Act in this application. */
  constructor(private readonly _options: INotebookVerbsOptions) {
    this._follower = new JobFollower(
      _options.model,
      (panel, job) => void this._onReady(panel, job)
    );
  }

  /** The menu of a notebook's environment, below an element. */
  menu(panel: NotebookPanel, anchor: HTMLElement): void {
    openNotebookMenu(anchor, this._menuOptions(panel), this._entries(panel));
  }

  /** The environments to choose from, below an element. */
  chooseMenu(panel: NotebookPanel, anchor: HTMLElement): void {
    openNotebookMenu(anchor, this._menuOptions(panel));
  }

  /** Let the user choose where the notebook runs. */
  async choose(panel: NotebookPanel): Promise<void> {
    const { model, trans } = this._options;
    const choice = await pickEnvironment(
      model,
      kernelName(panel.sessionContext),
      { title: trans.__('Switch to environment'), okLabel: trans.__('Switch') },
      trans
    );
    if (choice) {
      await this.use(panel, choice);
    }
  }

  /** Let the notebook run in an environment; a problem is shown. */
  async use(
    panel: NotebookPanel,
    { environment, kernel }: Pick<IChoice, 'environment' | 'kernel'>
  ): Promise<void> {
    const { app, model, trans } = this._options;
    const { kernelspecs } = app.serviceManager;
    const options = { model, kernelspecs };
    try {
      await switchTo(options, panel.sessionContext, environment, kernel);
      this._options.watches.get(panel)?.settle();
    } catch (error) {
      await showProblem(
        trans.__('The notebook cannot run in %1', environmentName(environment)),
        toProblem(error),
        trans
      );
    }
  }

  /** Make an environment with what the notebook imports; it runs there in the end. */
  async createFor(panel: NotebookPanel): Promise<void> {
    const { model, trans } = this._options;
    const path = panel.context.localPath;
    const name = PathExt.basename(path);
    let values: FormValues | null = {};
    if (isPython(panel)) {
      const environment = environmentOf(
        kernelName(panel.sessionContext),
        model
      );
      const { reviewImports } = await import('./importsreview');
      const code = { cells: codeCells(panel), path };
      values = await reviewImports({
        name,
        trans,
        read: () =>
          model.notebookImports({
            ...code,
            environment: environment?.id ?? null
          })
      });
    } else if (!(await this._explainLanguage())) {
      values = null;
    }
    if (values) {
      const stem = name.replace(/\.ipynb$/i, '');
      const wanted = /^untitled\d*$/i.test(stem) ? '' : stem;
      await this.create(panel, {
        name: freeName(wanted, await this._taken()),
        ...values
      });
    }
  }

  /** Make an environment like the one that the notebook was made in; it runs there in the end. */
  async createLike(panel: NotebookPanel): Promise<void> {
    const description = this._options.watches.get(panel)?.origin?.description;
    if (description) {
      await this.create(panel, formValues(description, await this._taken()));
    }
  }

  /** Open the form of a new environment; the notebook runs there in the end. */
  async create(panel: NotebookPanel, values: FormValues): Promise<void> {
    const page = (await this._options.app.commands.execute(CommandIDs.create, {
      values: { ...values } as JSONObject
    })) as (Widget & { content: IFollowedPage }) | undefined;
    if (page) {
      page.content.notebook = this._waiting(panel);
      this._follower.follow(page.content, panel);
    }
  }

  /** What the buttons of a notebook's banner do. */
  banner(panel: NotebookPanel): IBannerVerbs {
    const { app, model } = this._options;
    const open = (args: JSONObject) =>
      void app.commands.execute(CommandIDs.openEnvironment, args);
    return {
      create: () => void this.createLike(panel),
      createForNotebook: () => void this.createFor(panel),
      choose: anchor => this.chooseMenu(panel, anchor),
      use: id => {
        const environment = model.environment(id);
        void (environment && this.use(panel, { environment }));
      },
      open: environment => open({ environment }),
      register: kernel => void this._register(panel, kernel),
      install: (environment, packages) =>
        open({
          environment,
          tab: 'packages',
          items: savedItems(packages.map(name => installItem(name)))
        })
    };
  }

  private _menuOptions(panel: NotebookPanel) {
    const { model, trans } = this._options;
    return {
      model,
      running: kernelName(panel.sessionContext),
      onChoose: (choice: IChoice) => void this.use(panel, choice),
      onMore: () => void this.choose(panel),
      trans
    };
  }

  private _entries(panel: NotebookPanel): (IMenuEntry | null)[] {
    const { app, dialogs, model, trans } = this._options;
    const { sessionContext } = panel;
    const environment = environmentOf(kernelName(sessionContext), model);
    const args = { environment: environment?.id ?? '' };
    const enabled = environment !== null;
    const run = (id: string) => () => app.commands.execute(id, args);
    return [
      null,
      {
        label: trans.__('New Environment for This Notebook…'),
        execute: () => this.createFor(panel)
      },
      {
        label: trans.__('Install Packages Here…'),
        enabled,
        execute: () => void this._openSearch(args)
      },
      {
        label: trans.__('Open Environment'),
        enabled,
        execute: run(CommandIDs.openEnvironment)
      },
      {
        label: trans.__('Save as New Environment…'),
        enabled,
        execute: run(CommandIDs.saveAs)
      },
      null,
      {
        label: trans.__('Restart Kernel…'),
        enabled: kernelName(sessionContext) !== '',
        execute: () => dialogs.restart(sessionContext)
      },
      ...(app.commands.hasCommand(CommandIDs.openTerminal)
        ? [
            {
              label: trans.__('Terminal Here'),
              enabled,
              execute: run(CommandIDs.openTerminal)
            }
          ]
        : [])
    ];
  }

  private async _openSearch(args: JSONObject): Promise<void> {
    const { commands } = this._options.app;
    const page = (await commands.execute(CommandIDs.openEnvironment, {
      ...args,
      tab: 'packages'
    })) as Widget | undefined;
    // The page focuses itself when it is activated; its search is there with its packages.
    for (let round = 0; page && round < 40; round++) {
      const search = page.node.querySelector<HTMLElement>(
        '.jp-EnvManager-search'
      );
      if (search) {
        search.focus();
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  private async _register(panel: NotebookPanel, name: string): Promise<void> {
    const { app, model, trans } = this._options;
    try {
      if (await rewriteKernel(model, name, trans)) {
        const { kernelspecs } = app.serviceManager;
        await changeKernel(kernelspecs, panel.sessionContext, name);
      }
    } catch (error) {
      const title = trans.__('The kernel cannot be registered again');
      await showProblem(title, toProblem(error), trans);
    }
  }

  private async _onReady(panel: NotebookPanel, job: Job): Promise<void> {
    const { app, trans } = this._options;
    const { kernel } = job;
    if (panel.isDisposed || !kernel) {
      return;
    }
    const name = baseName(job.prefix);
    const notebook = PathExt.basename(panel.context.localPath);
    try {
      const { kernelspecs } = app.serviceManager;
      await changeKernel(kernelspecs, panel.sessionContext, kernel);
      this._options.watches.get(panel)?.settle();
      Notification.success(trans.__('%1 now runs in %2.', notebook, name), {
        autoClose: 8000,
        actions: [
          {
            label: trans.__('Back to %1', notebook),
            displayType: 'accent',
            callback: () => app.shell.activateById(panel.id)
          }
        ]
      });
    } catch (error) {
      const title = trans.__('%1 cannot run in %2', notebook, name);
      await showProblem(title, toProblem(error), trans);
    }
  }

  private _waiting(panel: NotebookPanel): IWaitingNotebook {
    const { app } = this._options;
    return {
      get name() {
        return PathExt.basename(panel.context.localPath);
      },
      get isOpen() {
        return !panel.isDisposed;
      },
      show: () => app.shell.activateById(panel.id)
    };
  }

  private async _explainLanguage(): Promise<boolean> {
    const { trans } = this._options;
    const { button } = await showDialog({
      title: trans.__('New environment for this notebook'),
      body: trans.__(
        'Only what Python code imports can be read. Name the packages of this notebook yourself; it runs in the new environment when that is ready.'
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Continue') })
      ]
    });
    return button.accept;
  }

  private _taken(): Promise<string[]> {
    return takenNames(this._options.model);
  }

  private readonly _follower: JobFollower<NotebookPanel>;
}

/** Whether the code of a notebook is Python, or may be. */
function isPython({ context, model }: NotebookPanel): boolean {
  const spec = model?.getMetadata('kernelspec') as
    { language?: string } | undefined;
  const language =
    spec?.language || context.model.defaultKernelLanguage || 'python';
  return language.toLowerCase() === 'python';
}

/** The sources of the code cells. */
function codeCells({ model }: NotebookPanel): string[] {
  return [...(model?.cells ?? [])]
    .filter(({ type }) => type === 'code')
    .map(({ sharedModel }) => sharedModel.getSource());
}
