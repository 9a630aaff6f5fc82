import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IInstalled } from '../plan/installed';
import {
  type IPendingItem,
  itemsOf,
  packageItem,
  pinItem
} from '../plan/pending';
import type { IMenuAction } from '../widgets/menus';

/** What can be done with an installed package. */
export interface IPackageVerbs {
  /** Ask for something. */
  add: (item: IPendingItem) => void;
  /** No longer ask for it. */
  drop: (...items: IPendingItem[]) => void;
  /** Let the user choose another version. */
  chooseVersion: (row: IInstalled) => void;
  /** Say why it is here. */
  why: (row: IInstalled) => void;
  /** Say what needs it. */
  dependents: (row: IInstalled) => void;
}

/** The menu of an installed package; where nothing can be changed, it only tells. */
export function packageActions(
  row: IInstalled,
  pending: readonly IPendingItem[],
  changeable: boolean,
  verbs: IPackageVerbs,
  trans: TranslationBundle
): (IMenuAction | null)[] {
  const mine = itemsOf(pending, row);
  const undo: IMenuAction = {
    label: trans.__('Undo'),
    execute: () => verbs.drop(...mine)
  };
  return [
    ...(mine.length ? [undo, null] : []),
    ...(changeable ? [...changes(row, mine, verbs, trans), null] : []),
    {
      label: trans.__('Why Is This Here?'),
      execute: () => verbs.why(row)
    },
    {
      label: trans.__('What Needs It?'),
      execute: () => verbs.dependents(row)
    },
    {
      label: trans.__('Copy Spec'),
      execute: () => Clipboard.copyToSystem(exactSpec(row))
    }
  ];
}

function changes(
  row: IInstalled,
  mine: readonly IPendingItem[],
  verbs: IPackageVerbs,
  trans: TranslationBundle
): (IMenuAction | null)[] {
  const { newer, manager, pinned } = row;
  const wishes = mine.map(({ wish }) => wish);
  const actions: (IMenuAction | null)[] = [];
  if (newer !== null && !wishes.includes('update')) {
    actions.push({
      label: trans.__('Update to %1', newer),
      execute: () => verbs.add(packageItem('update', row))
    });
  }
  actions.push({
    label: trans.__('Change Version…'),
    execute: () => verbs.chooseVersion(row)
  });
  if (row.damaged && !wishes.includes('repair')) {
    actions.push({
      label: trans.__('Repair'),
      execute: () => verbs.add(packageItem('repair', row))
    });
  }
  if (!wishes.includes('remove')) {
    actions.push({
      label: trans.__('Remove'),
      execute: () => verbs.add(packageItem('remove', row))
    });
  }
  // Pins are conda's: nothing holds a PyPI package.
  if (manager === 'conda') {
    const item = pinned === null ? pinItem(row) : packageItem('unpin', row);
    if (!wishes.includes(item.wish)) {
      actions.push(null, {
        label:
          pinned === null ? trans.__('Pin to This Version') : trans.__('Unpin'),
        execute: () => verbs.add(item)
      });
    }
  }
  return actions;
}

/** The spec of exactly this package. */
export function exactSpec({
  manager,
  name,
  version,
  build
}: Pick<IInstalled, 'manager' | 'name' | 'version' | 'build'>): string {
  return manager === 'pypi'
    ? `${name}==${version}`
    : `${name}=${version}${build && `=${build}`}`;
}
