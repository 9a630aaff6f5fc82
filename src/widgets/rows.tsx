import React from 'react';

/** What a list of rows needs. */
export interface IRowListProps {
  /** What is listed, for screen readers. */
  label: string;
  /** The rows: elements of {@link Row}. */
  children: React.ReactNode;
}

/** A list whose rows are reached with the arrow keys. */
export function RowList({ label, children }: IRowListProps): JSX.Element {
  return (
    <div className="jp-EnvManager-list" role="list" aria-label={label}>
      {children}
    </div>
  );
}

/** What a row needs. */
export interface IRowProps {
  /** What kind of row: the last part of its class, `env`, `kernel` or `job`. */
  kind: string;
  /** What it is about: goes to `data-id`. */
  id: string;
  /** What screen readers say. */
  label: string;
  /** What Enter and a double click do. */
  onOpen?: () => void;
  /** What the Delete key does. */
  onDelete?: () => void;
  /** What a click does; Enter does it too when there is no `onOpen`. */
  onSelect?: () => void;
  /** The row's content. */
  children: React.ReactNode;
}

/** A row: a place for the keyboard, with Enter, Delete and arrows. */
export function Row(props: IRowProps): JSX.Element {
  const { kind, id, label, onOpen, onDelete, onSelect, children } = props;
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget) {
      if (event.key === 'Escape') {
        event.currentTarget.focus();
      }
      return;
    }
    const verbs: Record<string, (() => void) | undefined> = {
      Enter: onOpen ?? onSelect,
      Delete: onDelete,
      ArrowDown: () => moveFocus(event.currentTarget, 1),
      ArrowUp: () => moveFocus(event.currentTarget, -1),
      Home: () => moveFocus(event.currentTarget, -Infinity),
      End: () => moveFocus(event.currentTarget, Infinity)
    };
    const verb = verbs[event.key];
    if (verb) {
      event.preventDefault();
      event.stopPropagation();
      verb();
    }
  };
  return (
    <div
      className={`jp-EnvManager-row jp-EnvManager-${kind}`}
      role="listitem"
      aria-label={label}
      tabIndex={0}
      data-id={id}
      onClick={onSelect}
      onDoubleClick={onOpen}
      onKeyDown={onKeyDown}
    >
      {children}
    </div>
  );
}

/** Move the focus to another row of the same section. */
function moveFocus(row: HTMLElement, step: number): void {
  const scope = row.closest('.jp-EnvManager-section') ?? row.parentElement;
  const rows = [
    ...(scope?.querySelectorAll<HTMLElement>('.jp-EnvManager-row') ?? [])
  ];
  const index = rows.indexOf(row) + step;
  rows[Math.min(rows.length - 1, Math.max(0, index))]?.focus();
}
