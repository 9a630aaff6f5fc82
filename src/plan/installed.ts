import type { TranslationBundle } from '@jupyterlab/translation';

import type { Package, PackageUpdate } from '../_models';
import { joinParts } from '../format';

/** What the table can be sorted by. */
export type SortKey = 'name' | 'version' | 'build' | 'from' | 'why' | 'size';

/** How the table is sorted. */
export interface ISort {
  /** The column. */
  readonly key: SortKey;
  /** Whether the last comes first. */
  readonly descending: boolean;
}

/** The kinds of packages that can be shown alone. */
export type Kind = 'requested' | 'updates' | 'pypi' | 'pinned' | 'damaged';

/** A row of the table: an installed package, and the newer version there is. */
export interface IInstalled extends Package {
  /** Tells it from all others: one name may be installed from conda and from PyPI. */
  readonly key: string;
  /** The newer version, if there is one. */
  readonly newer: string | null;
}

/** The rows: the installed packages with what is newer. */
export function installedRows(
  packages: readonly Package[],
  updates: readonly PackageUpdate[]
): IInstalled[] {
  const newer = new Map(
    updates.map(update => [packageKey(update), update.version])
  );
  return packages.map(entry => {
    const key = packageKey(entry);
    return { ...entry, key, newer: newer.get(key) ?? null };
  });
}

/** `33 packages · 1 from PyPI`: the first are conda's, as in the list of environments. */
export function countWords(
  packages: readonly Pick<Package, 'manager'>[],
  trans: TranslationBundle
): string {
  const [conda, pypi] = counts(packages);
  return joinParts(
    (conda > 0 || !pypi) && trans._n('%1 package', '%1 packages', conda),
    pypi > 0 && trans.__('%1 from PyPI', String(pypi))
  );
}

/** The same where there is little room: `33 + 1 PyPI`. */
export function shortCount(
  packages: readonly Pick<Package, 'manager'>[]
): string {
  const [conda, pypi] = counts(packages);
  return conda && pypi ? `${conda} + ${pypi} PyPI` : String(conda + pypi);
}

function counts(
  packages: readonly Pick<Package, 'manager'>[]
): [conda: number, pypi: number] {
  const pypi = packages.filter(({ manager }) => manager === 'pypi').length;
  return [packages.length - pypi, pypi];
}

/** What tells a package from all others in an environment. */
export function packageKey({
  manager,
  name
}: Pick<Package, 'manager' | 'name'>): string {
  return `${manager} ${name.toLowerCase()}`;
}

const KINDS: Record<Kind, (row: IInstalled) => boolean> = {
  requested: row => row.requested,
  updates: row => row.newer !== null,
  pypi: row => row.manager === 'pypi',
  pinned: row => row.pinned !== null,
  damaged: row => row.damaged
};

/** How many rows are of each kind, in the order they are offered; kinds without any are left out. */
export function countKinds(rows: readonly IInstalled[]): [Kind, number][] {
  return (Object.keys(KINDS) as Kind[])
    .map((kind): [Kind, number] => [kind, rows.filter(KINDS[kind]).length])
    .filter(([, count]) => count > 0);
}

/** The rows whose name has the text in it, of one kind or of all. */
export function filterRows(
  rows: readonly IInstalled[],
  text: string,
  kind: Kind | null
): IInstalled[] {
  const needle = text.trim().toLowerCase();
  return rows.filter(
    row =>
      (kind === null || KINDS[kind](row)) &&
      row.name.toLowerCase().includes(needle)
  );
}

const collator = new Intl.Collator('en', { numeric: true });

const COMPARE: Record<SortKey, (one: IInstalled, two: IInstalled) => number> = {
  name: (one, two) => collator.compare(one.name, two.name),
  version: (one, two) => collator.compare(one.version, two.version),
  build: (one, two) => collator.compare(one.build, two.build),
  from: (one, two) => collator.compare(origin(one), origin(two)),
  why: (one, two) =>
    Number(two.requested) - Number(one.requested) ||
    collator.compare(reason(one), reason(two)),
  size: (one, two) => (one.size ?? -1) - (two.size ?? -1)
};

function reason({ requested, needed_by: parents }: IInstalled): string {
  return requested ? '' : (parents[0] ?? '');
}

/** The rows in order; equal ones by name. */
export function sortRows(
  rows: readonly IInstalled[],
  { key, descending }: ISort
): IInstalled[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort(
    (one, two) =>
      sign * COMPARE[key](one, two) ||
      COMPARE.name(one, two) ||
      one.key.localeCompare(two.key)
  );
}

/** Where a package is from. */
export function origin({
  manager,
  channel
}: Pick<Package, 'manager' | 'channel'>): string {
  return manager === 'pypi' ? 'PyPI' : channel;
}
