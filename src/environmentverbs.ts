import { Clipboard, Dialog } from '@jupyterlab/apputils';

import type { Generation, Package, PackageHit } from './_models';
import { toProblem } from './api';
import { confirm, explain, showProblem } from './dialogs';
import type {
  EnvironmentPage,
  IEnvironmentPageOptions
} from './environmentpage';
import { formatBytes } from './format';
import { type IInstalled, packageKey } from './installed';
import { type IMenuAction, openActions, openMenu } from './menus';
import { type IPackageVerbs, packageActions } from './packageactions';
import { explainDependents, explainWhy } from './packagedialogs';
import { fileItem, packageItem, versionItem } from './pending';
import { CommandIDs, type IInside } from './tokens';
import { pickVersion } from './versionpicker';

/** What a user can do on the page of an environment beyond what its parts do themselves: menus and dialogs. */
export class EnvironmentVerbs {
  /** Act on this page. */
  constructor(
    private readonly _page: EnvironmentPage,
    private readonly _inside: IInside,
    private readonly _options: IEnvironmentPageOptions
  ) {}

  /** The menu of the environment, below an element. */
  environmentMenu(anchor: HTMLElement): void {
    const { commands, environment } = this._options;
    openMenu(commands, anchor, { environment }, [
      CommandIDs.openNotebook,
      CommandIDs.openTerminal,
      CommandIDs.registerKernel,
      CommandIDs.checkGpu,
      null,
      CommandIDs.copyPath,
      CommandIDs.copyActivation,
      CommandIDs.copyJobLines,
      CommandIDs.exportEnvironment,
      CommandIDs.saveAs,
      null,
      CommandIDs.remove
    ]);
  }

  /** The menu of an installed package, below an element. */
  packageMenu(row: IInstalled, anchor: HTMLElement, focus: HTMLElement): void {
    const { alteration } = this._page;
    const { trans } = this._options;
    const verbs: IPackageVerbs = {
      add: item => alteration.add(item),
      drop: (...items) => alteration.drop(...items),
      chooseVersion: entry => void this.chooseVersion(entry),
      why: entry => void explainWhy(entry, this._packages, trans),
      dependents: entry => void explainDependents(entry, this._packages, trans)
    };
    openActions(
      anchor,
      packageActions(row, alteration.items, this.changeable, verbs, trans),
      focus
    );
  }

  /** The menu of all packages, below an element. */
  moreMenu(anchor: HTMLElement): void {
    const { trans } = this._options;
    const { contents } = this._page;
    const file: IMenuAction = {
      label: trans.__('Add requirements.txt…'),
      execute: () => void this._addFile()
    };
    openActions(anchor, [
      ...(this.changeable && this._options.documents ? [file, null] : []),
      {
        label: trans.__('Check files'),
        execute: () => void contents.check()
      },
      {
        label: trans.__('Check the content of all files'),
        execute: () => void contents.check(true)
      },
      null,
      {
        label: trans.__('Read again'),
        execute: () => void contents.read('packages', 'updates', 'history')
      }
    ]);
  }

  /** Let the user choose a version of a package, and ask for it. */
  async chooseVersion({
    name,
    manager
  }: Pick<PackageHit, 'name' | 'manager'>): Promise<void> {
    const { trans } = this._options;
    const key = packageKey({ name, manager });
    const has = this._packages.find(entry => packageKey(entry) === key);
    const choice = await pickVersion({
      name,
      installed: has?.version ?? null,
      read: () => this._inside.packageInfo(name, manager),
      trans
    });
    if (choice) {
      const { version, build, channel } = choice;
      this._page.alteration.add(
        versionItem({ name, manager }, version, build, channel)
      );
      this._page.search.type('');
    }
  }

  /** Ask for a repair of some packages. */
  repair(names: string[]): void {
    this._page.alteration.add(
      ...names.map(name => packageItem('repair', { name, manager: 'conda' }))
    );
  }

  /** The menu of a generation, below an element. */
  generationMenu(generation: Generation, anchor: HTMLElement): void {
    const { trans } = this._options;
    openActions(anchor, [
      {
        label: trans.__('Forget…'),
        execute: () => void this._forget(generation)
      }
    ]);
  }

  /** Copy the environment's folder. */
  copyPath(): void {
    Clipboard.copyToSystem(this._page.environment?.prefix ?? '');
  }

  /** Whether packages may be changed. */
  get changeable(): boolean {
    return this._page.environment?.unchangeable === '';
  }

  private async _forget({ number, title, size }: Generation): Promise<void> {
    const { trans } = this._options;
    const agreed = await confirm(
      trans.__('Forget state %1?', String(number)),
      trans.__(
        '“%1” can then no longer be gone back to. This frees %2.',
        title,
        formatBytes(size ?? 0)
      ),
      Dialog.warnButton({ label: trans.__('Forget') }),
      trans
    );
    if (!agreed) {
      return;
    }
    try {
      await this._inside.forget(number);
    } catch (error) {
      const heading = trans.__('State %1 cannot be forgotten', String(number));
      await showProblem(heading, toProblem(error), trans);
    }
    await this._page.contents.read('history');
  }

  private async _addFile(): Promise<void> {
    const { documents, model, trans } = this._options;
    const { FileDialog } = await import('@jupyterlab/filebrowser');
    const { button, value } = await FileDialog.getOpenFiles({
      manager: documents!,
      title: trans.__('Add the packages of a requirements file'),
      filter: ({ type, name }) =>
        type === 'directory' || /\.(txt|in)$/.test(name) ? {} : null
    });
    const files = (value ?? []).filter(({ type }) => type !== 'directory');
    if (!button.accept || !files.length) {
      return;
    }
    if (!model.get('status').data) {
      await model.refresh('status');
    }
    const root = model.get('status').data?.server_root;
    if (!root) {
      await explain(
        trans.__('The file cannot be added'),
        trans.__('Where the server keeps its files is not known.'),
        trans
      );
      return;
    }
    this._page.alteration.add(
      ...files.map(({ path }) =>
        fileItem(`${root.replace(/\/+$/, '')}/${path}`)
      )
    );
  }

  private get _packages(): Package[] {
    return this._page.contents.get('packages').data?.packages ?? [];
  }
}
