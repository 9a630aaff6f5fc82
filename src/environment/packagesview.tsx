import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Packages, PackageUpdates } from '../_models';
import {
  countKinds,
  filterRows,
  type IInstalled,
  installedRows,
  type Kind
} from '../plan/installed';
import { type IPendingItem, packageItem, UPDATE_ALL } from '../plan/pending';
import { isRequirement, specName } from '../specs';
import type { IResource } from '../tokens';
import {
  classes,
  IconButton,
  Note,
  Placeholder,
  TextButton
} from '../widgets/components';
import {
  enterItem,
  type IPackageResultsProps,
  PackageResults
} from './packageresults';
import type { PackageSearch } from './packagesearch';
import { PackageTable } from './packagetable';

/** What the packages need. */
export interface IPackagesViewProps {
  /** The installed packages. */
  packages: IResource<Packages>;
  /** What is newer. */
  updates: IResource<PackageUpdates>;
  /** The search while somebody types. */
  search: PackageSearch;
  /** What is asked for. */
  pending: readonly IPendingItem[];
  /** Whether packages may be changed. */
  changeable: boolean;
  /** Asks for something. */
  onAdd: (item: IPendingItem) => void;
  /** Lets the user choose a version of what was found. */
  onChoose: IPackageResultsProps['onChoose'];
  /** Shows the menu of a package. */
  onMenu: (row: IInstalled, anchor: HTMLElement, focus: HTMLElement) => void;
  /** Shows the menu of all packages. */
  onMore: (anchor: HTMLElement) => void;
  /** Reads the packages again. */
  onRetry: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The packages: one box that filters what is installed and finds what is not, and the table. */
export function PackagesView(props: IPackagesViewProps): JSX.Element {
  const { packages, updates, search, pending, changeable, trans } = props;
  const [kind, setKind] = React.useState<Kind | null>(null);
  const { data } = packages;
  const rows = React.useMemo(
    () => installedRows(data?.packages ?? [], updates.data?.updates ?? []),
    [data, updates.data]
  );
  const kinds = React.useMemo(() => countKinds(rows), [rows]);
  const only = kinds.some(([one]) => one === kind) ? kind : null;
  // Of “numpy<2” the installed numpy is shown, of an address everything.
  const { query, text } = search;
  const needle = query || (isRequirement(text) ? '' : specName(text));
  const shown = React.useMemo(
    () => filterRows(rows, needle, only),
    [rows, needle, only]
  );
  const versions = React.useMemo(
    () => new Map(rows.map(row => [row.key, row.version])),
    [rows]
  );
  const found = {
    text: search.text,
    hits: search.hits,
    current: search.isCurrent,
    problem: search.problem,
    installed: versions
  };
  const searching = changeable && search.text.trim() !== '';
  const view = React.useRef<HTMLDivElement>(null);
  const focus = (selector: string) =>
    view.current?.querySelector<HTMLElement>(selector)?.focus();
  const add = (item: IPendingItem) => {
    props.onAdd(item);
    search.type('');
    focus('.jp-EnvManager-search');
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const item = changeable ? enterItem(found, trans) : null;
    if (event.key === 'Enter' && item) {
      add(item);
    } else if (event.key === 'ArrowDown') {
      focus(shown.length ? '.jp-EnvManager-table' : '.jp-EnvManager-hit');
    } else if (event.key === 'Escape' && search.text) {
      search.type('');
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={view}
      className={classes(
        'jp-EnvManager-packages',
        searching && 'jp-mod-searching'
      )}
    >
      <div className="jp-EnvManager-toolbar">
        <input
          type="search"
          className="jp-EnvManager-input jp-EnvManager-search"
          aria-label={trans.__('Search packages')}
          placeholder={
            changeable
              ? trans.__('Search installed and available packages…')
              : trans.__('Search installed packages…')
          }
          autoComplete="off"
          spellCheck={false}
          value={search.text}
          onChange={event => search.type(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <Kinds kinds={kinds} chosen={only} onChoose={setKind} trans={trans} />
        <div className="jp-EnvManager-toolbarEnd">
          {changeable && (
            <TextButton onClick={() => props.onAdd(UPDATE_ALL)}>
              {trans.__('Update all')}
            </TextButton>
          )}
          <IconButton
            icon={ellipsesIcon}
            label={trans.__('More')}
            menu
            onClick={props.onMore}
          />
        </div>
      </div>
      {!data && (
        <Placeholder
          resource={packages}
          onRetry={props.onRetry}
          trans={trans}
          loading={trans.__('Reading packages…')}
        />
      )}
      {data && packages.problem && (
        <Note problem={packages.problem} trans={trans} />
      )}
      {updates.data?.problems.map((problem, index) => (
        <Note key={index} problem={problem} kind="warning" trans={trans} />
      ))}
      {data && shown.length > 0 && (
        <PackageTable
          rows={shown}
          pending={pending}
          changeable={changeable}
          onMenu={props.onMenu}
          onUpdate={row => props.onAdd(packageItem('update', row))}
          onRemove={row => props.onAdd(packageItem('remove', row))}
          trans={trans}
        />
      )}
      {data && !shown.length && (
        <div className="jp-EnvManager-empty" role="status">
          {rows.length
            ? trans.__('Nothing like “%1” is installed.', search.text.trim())
            : changeable
              ? trans.__(
                  'This environment is empty. Search for a package to add it.'
                )
              : trans.__('This environment is empty.')}
        </div>
      )}
      {searching && (
        <PackageResults
          {...found}
          pending={pending}
          onAdd={add}
          onChoose={props.onChoose}
          onRetry={() => search.retry()}
          trans={trans}
        />
      )}
    </div>
  );
}

function Kinds(props: {
  kinds: [Kind, number][];
  chosen: Kind | null;
  onChoose: (kind: Kind | null) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { kinds, chosen, onChoose, trans } = props;
  const names: Record<Kind, string> = {
    requested: trans.__('requested'),
    updates: trans.__('updates'),
    pypi: 'PyPI',
    pinned: trans.__('pinned'),
    damaged: trans.__('damaged')
  };
  return (
    <div
      className="jp-EnvManager-kinds"
      role="group"
      aria-label={trans.__('Show only')}
    >
      {kinds.map(([kind, count]) => (
        <button
          key={kind}
          type="button"
          className="jp-EnvManager-kind"
          aria-pressed={kind === chosen}
          onClick={() => onChoose(kind === chosen ? null : kind)}
        >
          {names[kind]} {count}
        </button>
      ))}
    </div>
  );
}
