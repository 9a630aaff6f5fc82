import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { formatBytes, joinParts } from '../format';
import {
  type IInstalled,
  type ISort,
  origin,
  sortRows,
  type SortKey
} from '../plan/installed';
import { type IPendingItem, itemsOf } from '../plan/pending';
import { classes, IconButton } from '../widgets/components';
import { useWindow } from '../widgets/window';
import { pendingWords, signOf } from './pendingwords';

/** The height of a row in pixels; style/environment.css says the same. */
const ROW = 28;

/** What the table needs. */
export interface IPackageTableProps {
  /** The packages. */
  rows: IInstalled[];
  /** What is asked for. */
  pending: readonly IPendingItem[];
  /** Whether packages may be changed. */
  changeable: boolean;
  /** Shows the menu of a package below an element; the focus goes back to `focus`. */
  onMenu: (row: IInstalled, anchor: HTMLElement, focus: HTMLElement) => void;
  /** Asks for the newer version. */
  onUpdate: (row: IInstalled) => void;
  /** Asks for a removal. */
  onRemove: (row: IInstalled) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The installed packages: sorted by any column, walked with the arrow keys; only rows in view are rendered. */
export function PackageTable(props: IPackageTableProps): JSX.Element {
  const { rows, pending, changeable, onMenu, onRemove, trans } = props;
  const [sort, setSort] = React.useState<ISort>({
    key: 'name',
    descending: false
  });
  const [active, setActive] = React.useState<string | null>(null);
  const grid = React.useRef<HTMLDivElement>(null);
  const sorted = React.useMemo(() => sortRows(rows, sort), [rows, sort]);
  const view = useWindow(grid, sorted.length, ROW);
  const index = sorted.findIndex(({ key }) => key === active);
  const shown = index >= view.first && index < view.last;

  const go = (next: number) => {
    const place = Math.min(sorted.length - 1, Math.max(0, next));
    setActive(sorted[place]?.key ?? null);
    view.reveal(place);
  };
  const menu = (row: IInstalled) => {
    const node = grid.current;
    const anchor = node?.querySelector<HTMLElement>(
      '.jp-mod-active .jp-mod-menu button'
    );
    if (node && anchor) {
      onMenu(row, anchor, node);
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.target !== event.currentTarget) {
      return;
    }
    const row = sorted[index];
    const verbs: Record<string, () => void> = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      PageDown: () => go(index + view.page),
      PageUp: () => go(index - view.page),
      Home: () => go(0),
      End: () => go(sorted.length - 1),
      Enter: () => row && menu(row),
      Delete: () => row && changeable && onRemove(row)
    };
    const verb = verbs[event.key];
    if (verb && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      verb();
    }
  };
  return (
    <div
      ref={grid}
      className="jp-EnvManager-table"
      role="grid"
      aria-label={trans.__('Packages')}
      aria-rowcount={sorted.length + 1}
      aria-activedescendant={shown ? `jp-EnvManager-row-${index}` : undefined}
      tabIndex={0}
      onFocus={event => {
        if (index < 0 && event.target === event.currentTarget) {
          setActive(sorted[view.top]?.key ?? null);
        }
      }}
      onKeyDown={onKeyDown}
      onScroll={view.onScroll}
    >
      <Head sort={sort} onSort={setSort} trans={trans} />
      <div
        className="jp-EnvManager-tableBody"
        role="rowgroup"
        style={{ height: sorted.length * ROW }}
      >
        {sorted.slice(view.first, view.last).map((row, offset) => (
          <PackageRow
            {...props}
            key={row.key}
            row={row}
            index={view.first + offset}
            active={row.key === active}
            items={itemsOf(pending, row)}
            onActive={() => setActive(row.key)}
            onMenu={(entry, anchor) =>
              grid.current && onMenu(entry, anchor, grid.current)
            }
          />
        ))}
      </div>
    </div>
  );
}

function Head(props: {
  sort: ISort;
  onSort: (sort: ISort) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { sort, onSort, trans } = props;
  const columns: [SortKey, string][] = [
    ['name', trans.__('Name')],
    ['version', trans.__('Version')],
    ['build', trans.__('Build')],
    ['from', trans.__('From')],
    ['why', trans.__('Why')],
    ['size', trans.__('Size')]
  ];
  return (
    <div className="jp-EnvManager-tableHead" role="rowgroup">
      <div className="jp-EnvManager-tableRow" role="row" aria-rowindex={1}>
        {columns.map(([key, label]) => {
          const on = sort.key === key;
          const order = sort.descending ? 'descending' : 'ascending';
          return (
            <div
              key={key}
              className={`jp-EnvManager-cell jp-mod-${key}`}
              role="columnheader"
              aria-sort={on ? order : 'none'}
            >
              <button
                type="button"
                className="jp-EnvManager-sort"
                onClick={() =>
                  onSort({ key, descending: on && !sort.descending })
                }
              >
                {label}
                <span aria-hidden="true">
                  {on ? (sort.descending ? ' ▾' : ' ▴') : ''}
                </span>
              </button>
            </div>
          );
        })}
        <div className="jp-EnvManager-cell jp-mod-menu" role="columnheader">
          <span className="jp-EnvManager-hidden">{trans.__('Actions')}</span>
        </div>
      </div>
    </div>
  );
}

interface IPackageRowProps extends IPackageTableProps {
  row: IInstalled;
  index: number;
  active: boolean;
  items: IPendingItem[];
  onActive: () => void;
  onMenu: (row: IInstalled, anchor: HTMLElement) => void;
}

function PackageRow(props: IPackageRowProps): JSX.Element {
  const { row, index, active, items, trans } = props;
  const { name, build, size, requested, needed_by: parents } = row;
  const why = requested ? trans.__('requested') : (parents[0] ?? '');
  const cell = (part: string, content: React.ReactNode, title?: string) => (
    <div
      className={`jp-EnvManager-cell jp-mod-${part}`}
      role="gridcell"
      title={title}
    >
      {content}
    </div>
  );
  return (
    <div
      id={`jp-EnvManager-row-${index}`}
      className={classes(
        'jp-EnvManager-tableRow',
        requested && 'jp-mod-requested',
        active && 'jp-mod-active',
        items.length > 0 && 'jp-mod-pending'
      )}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={active}
      style={{ top: index * ROW }}
      data-package={name}
      onClick={props.onActive}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        props.onActive();
        const button = event.currentTarget.querySelector<HTMLElement>(
          '.jp-mod-menu button'
        );
        if (button) {
          props.onMenu(row, button);
        }
      }}
    >
      {cell(
        'name',
        <>
          <span className="jp-EnvManager-mark" aria-hidden="true">
            {items.map(item => signOf(item.wish)).join('')}
          </span>
          {name}
        </>,
        name
      )}
      {cell('version', <VersionCell {...props} />)}
      {cell('build', build, build)}
      {cell('from', origin(row), row.channel)}
      {cell('why', why, joinParts(requested && row.spec, parents.join(', ')))}
      {cell('size', size === null ? '' : formatBytes(size))}
      {cell(
        'menu',
        // The row's Enter opens it, too: it is no stop of its own for Tab.
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('Actions for %1', name)}
          menu
          skip
          onClick={anchor => {
            props.onActive();
            props.onMenu(row, anchor);
          }}
        />
      )}
    </div>
  );
}

function VersionCell(props: IPackageRowProps): JSX.Element {
  const { row, items, changeable, onUpdate, trans } = props;
  const { version, newer, pinned, shadowed_by: shadow, damaged } = row;
  const asked = items.map(item => pendingWords(item, trans));
  const words = [
    pinned !== null && trans.__('pinned'),
    shadow !== null && trans.__('overwritten by PyPI %1', shadow),
    damaged && trans.__('damaged')
  ].filter(Boolean);
  return (
    <>
      {version}
      {newer !== null && !asked.length && (
        <button
          type="button"
          className="jp-EnvManager-newer"
          tabIndex={-1}
          disabled={!changeable}
          aria-label={trans.__('Update to %1', newer)}
          title={
            changeable
              ? trans.__('Update to %1', newer)
              : trans.__('There is a newer version')
          }
          onClick={() => onUpdate(row)}
        >
          ▴ {newer}
        </button>
      )}
      {asked.length > 0 && (
        <span className="jp-EnvManager-asked">{asked.join(', ')}</span>
      )}
      {words.length > 0 && (
        <span
          className={classes('jp-EnvManager-word', damaged && 'jp-mod-error')}
          title={joinParts(...words, pinned)}
        >
          {words.join(', ')}
        </span>
      )}
    </>
  );
}
