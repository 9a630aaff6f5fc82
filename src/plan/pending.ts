import type { JSONObject } from '@lumino/coreutils';

import type { Change, Package } from '../_models';
import { isRequirement, requirementName, specName } from '../specs';

/** What may be asked for; one of each kind of place below is enough for a package. */
export type Wish =
  | 'install'
  | 'update'
  | 'remove'
  | 'repair'
  | 'pin'
  | 'unpin'
  | 'requirements'
  | 'gpu'
  | 'source';

/** What an environment can be made like: a file, or another environment. */
export type LikeSource = NonNullable<Change['source']>;

/** One thing that is asked for. */
export interface IPendingItem {
  /** What is to be done. */
  readonly wish: Wish;
  /** Where the package is from. */
  readonly manager: 'conda' | 'pypi';
  /** The package's name; a requirement that does not tell it, and a file, stand for themselves. The title of a GPU target or a source. */
  readonly name: string;
  /** What the server is given: a match spec, a requirement, a name, a file or a GPU target. */
  readonly spec: string;
  /** What the environment is to become like; it goes with nothing else. */
  readonly source?: LikeSource;
  /** Whether what the source does not name goes. */
  readonly prune?: boolean;
  /** Where in the workspace the source's file is; absent where it is not there. */
  readonly path?: string;
}

/** The page of an environment, as far as others may ask it for something. */
export interface ITakesWishes {
  /** What is asked for there. */
  readonly alteration: { add(...items: IPendingItem[]): void };
}

/** All packages, as the name of an update. */
export const ALL = '*';

/** Ask for an update of everything. */
export const UPDATE_ALL: IPendingItem = {
  wish: 'update',
  manager: 'conda',
  name: ALL,
  spec: ALL
};

/** Ask for a package as typed: a match spec, or what only PyPI understands. */
export function installItem(text: string, pypi = false): IPendingItem {
  const spec = text.trim();
  return pypi || isRequirement(spec)
    ? { wish: 'install', manager: 'pypi', name: requirementName(spec), spec }
    : { wish: 'install', manager: 'conda', name: specName(spec), spec };
}

/** Ask for something to be done with an installed package. */
export function packageItem(
  wish: 'update' | 'remove' | 'repair' | 'unpin',
  { name, manager }: Pick<Package, 'name' | 'manager'>
): IPendingItem {
  return { wish, manager, name, spec: name };
}

/** Ask for another version of an installed package, or for one build of it. */
export function versionItem(
  { name, manager }: Pick<Package, 'name' | 'manager'>,
  version: string,
  build: string | null = null,
  channel: string | null = null
): IPendingItem {
  const exact =
    build === null ? `${name}==${version}` : `${name}=${version}=${build}`;
  return {
    wish: 'install',
    manager,
    name,
    spec: channel === null ? exact : `${channel}::${exact}`
  };
}

/** Ask for a package to stay at its version. */
export function pinItem({
  name,
  manager,
  version
}: Pick<Package, 'name' | 'manager' | 'version'>): IPendingItem {
  return { wish: 'pin', manager, name, spec: `${name}==${version}` };
}

/** Ask for what a requirements file lists. */
export function fileItem(path: string): IPendingItem {
  return { wish: 'requirements', manager: 'pypi', name: path, spec: path };
}

/** Ask for the environment to be for another GPU. */
export function gpuItem(target: string, title: string): IPendingItem {
  return { wish: 'gpu', manager: 'conda', name: title, spec: target };
}

/** Ask for the environment to become like a file, or like another environment. */
export function sourceItem(
  source: LikeSource,
  name: string,
  prune: boolean
): IPendingItem {
  return {
    wish: 'source',
    manager: 'conda',
    name,
    spec: source.type === 'file' ? (source.filename ?? name) : name,
    source,
    prune
  };
}

/** The item that goes with nothing else, where it is asked for. */
export function likenessOf(
  items: readonly IPendingItem[]
): (IPendingItem & { source: LikeSource }) | undefined {
  return items.find(
    (item): item is IPendingItem & { source: LikeSource } =>
      item.source !== undefined
  );
}

/** The place an item takes; a second item for the same place replaces the first. */
export function placeOf({ wish, manager, name }: IPendingItem): string {
  if (wish === 'gpu' || wish === 'source') {
    return wish;
  }
  const matter =
    wish === 'pin' || wish === 'unpin'
      ? 'pin'
      : wish === 'requirements'
        ? 'file'
        : manager;
  return `${matter} ${name.toLowerCase()}`;
}

/** The items with one more; a source takes the place of all others, and lets none in beside it. */
export function withItem(
  items: readonly IPendingItem[],
  item: IPendingItem
): IPendingItem[] {
  if (item.wish === 'source') {
    return [item];
  }
  if (likenessOf(items)) {
    return [...items];
  }
  const place = placeOf(item);
  const all = item.wish === 'update' && item.name === ALL;
  const rest = items.filter(
    // An update of everything includes those of single packages.
    other => placeOf(other) !== place && !(all && other.wish === 'update')
  );
  const included =
    item.wish === 'update' && rest.some(other => other.name === ALL);
  return included ? rest : [...rest, item];
}

/** The items about an installed package, among them those that act on all. */
export function itemsOf(
  items: readonly IPendingItem[],
  { name, manager }: Pick<Package, 'name' | 'manager'>
): IPendingItem[] {
  const low = name.toLowerCase();
  return items.filter(
    item =>
      item.wish !== 'gpu' &&
      item.wish !== 'source' &&
      item.name.toLowerCase() === low &&
      item.manager === manager
  );
}

/** What the server is asked for. */
export function toChange(
  items: readonly IPendingItem[],
  accept: readonly string[] = []
): Change {
  const specs = (wish: Wish, manager?: 'conda' | 'pypi') =>
    items
      .filter(
        item => item.wish === wish && (!manager || item.manager === manager)
      )
      .map(({ spec }) => spec);
  const all = items.some(({ wish, name }) => wish === 'update' && name === ALL);
  const change: Change = {
    install: specs('install', 'conda'),
    update: all ? 'all' : specs('update'),
    remove: specs('remove', 'conda'),
    pin: specs('pin'),
    unpin: specs('unpin'),
    repair: specs('repair'),
    accept: [...accept]
  };
  const [gpu] = specs('gpu');
  if (gpu !== undefined) {
    change.gpu = gpu;
  }
  const like = likenessOf(items);
  if (like) {
    change.source = like.source;
    change.prune = like.prune === true;
  }
  const pypi = {
    install: specs('install', 'pypi'),
    requirements: specs('requirements'),
    remove: specs('remove', 'pypi')
  };
  if (Object.values(pypi).some(list => list.length)) {
    change.pypi = pypi;
  }
  return Object.fromEntries(
    Object.entries(change).filter(([, value]) => value?.length !== 0)
  );
}

/** The items as a layout remembers them; it goes to the server with each change, so a file of `most` letters is left out. */
export function savedItems(
  items: readonly IPendingItem[],
  most = 200_000
): JSONObject[] {
  return items
    .filter(
      ({ source }) => source?.type !== 'file' || source.content.length < most
    )
    .map(item => ({ ...item }) as unknown as JSONObject);
}

/** The items that a layout remembered; what is none of ours is left out. */
export function readItems(value: unknown): IPendingItem[] {
  const wishes =
    'install update remove repair pin unpin requirements gpu source'.split(' ');
  return (Array.isArray(value) ? value : []).filter(
    item =>
      wishes.includes(item?.wish) &&
      ['conda', 'pypi'].includes(item.manager) &&
      typeof item.name === 'string' &&
      typeof item.spec === 'string' &&
      ['undefined', 'string'].includes(typeof item.path) &&
      (item.wish === 'source') === isSource(item.source)
  );
}

/** Whether this is a source as the server takes it. */
function isSource(value: unknown): value is LikeSource {
  const source = (value ?? {}) as Partial<Record<string, unknown>>;
  return (
    (source['type'] === 'clone' && typeof source['environment'] === 'string') ||
    (source['type'] === 'file' && typeof source['content'] === 'string')
  );
}
