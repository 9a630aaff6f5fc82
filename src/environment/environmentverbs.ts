import { Clipboard, Dialog } from '@jupyterlab/apputils';

import type {
  Generation,
  Package,
  PackageHit,
  PackRequest,
  Problem
} from '../_models';
import { toProblem } from '../api';
import { formatBytes } from '../format';
import { type IInstalled, packageKey } from '../plan/installed';
import { fileItem, packageItem, versionItem } from '../plan/pending';
import { CommandIDs, type IInside } from '../tokens';
import { confirm, explain, showProblem } from '../widgets/dialogs';
import { type IMenuAction, openActions, openMenu } from '../widgets/menus';
import { ENVIRONMENT_MENU } from './environmentmenu';
import type {
  EnvironmentPage,
  IEnvironmentPageOptions
} from './environmentpage';
import { type IPackageVerbs, packageActions } from './packageactions';
import { explainDependents, explainWhy } from './packagedialogs';
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
    openMenu(commands, anchor, { environment }, ENVIRONMENT_MENU);
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
    const { commands, environment, trans } = this._options;
    const { contents } = this._page;
    const update: IMenuAction = {
      label: trans.__('Update from File…'),
      execute: () =>
        void commands.execute(CommandIDs.updateFromFile, { environment })
    };
    const file: IMenuAction = {
      label: trans.__('Add requirements.txt…'),
      execute: () => void this._addFile()
    };
    const files = [
      ...(this._page.environment?.unchangeable === '' ? [update] : []),
      ...(this.changeable && this._options.documents ? [file] : [])
    ];
    openActions(anchor, [
      ...(files.length ? [...files, null] : []),
      {
        label: trans.__('Check Files'),
        execute: () => void contents.check()
      },
      {
        label: trans.__('Check the Content of All Files'),
        execute: () => void contents.check(true)
      },
      null,
      {
        label: trans.__('Read Again'),
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

  /** Begin to pack the environment; gives why that cannot be done, or null. */
  async pack(request: PackRequest): Promise<Problem | null> {
    const { model } = this._options;
    try {
      await this._inside.pack(request);
      return null;
    } catch (error) {
      return toProblem(error);
    } finally {
      void model.refresh('jobs');
    }
  }

  /** Let the user choose a folder of the workspace; null where there is nothing to choose with. */
  get chooseFolder(): (() => Promise<string | null>) | null {
    const { documents, trans } = this._options;
    return (
      documents &&
      (async () => {
        const { FileDialog } = await import('@jupyterlab/filebrowser');
        const { button, value } = await FileDialog.getExistingDirectory({
          manager: documents,
          title: trans.__('Where to write the archive')
        });
        return button.accept ? (value?.[0]?.path ?? null) : null;
      })
    );
  }

  /** Copy the environment's folder. */
  copyPath(): void {
    Clipboard.copyToSystem(this._page.environment?.prefix ?? '');
  }

  /** Whether single packages may be changed, and the change would not be lost in a greater one. */
  get changeable(): boolean {
    const { environment, alteration } = this._page;
    return environment?.unchangeable === '' && !alteration.like;
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
