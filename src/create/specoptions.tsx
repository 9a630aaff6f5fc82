import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PackageHit, PackageHits } from '../_models';
import { classes } from '../widgets/components';

/** What the list below the input of packages needs. */
export interface IOptionsProps {
  /** The id of the text box. */
  id: string;
  /** What is typed. */
  draft: string;
  /** What was found. */
  hits: PackageHits;
  /** The option that Enter takes; -1 for none. */
  active: number;
  /** Called with the name that was chosen. */
  onPick: (name: string) => void;
  /** Called when it shall come from PyPI; undefined where that makes no sense. */
  onPypi?: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** Packages that have the typed text in their name, and a way to PyPI. */
export function Options(props: IOptionsProps): JSX.Element {
  const { id, draft, hits, active, onPick, onPypi, trans } = props;
  const { packages } = hits;
  const problem = hits.problems[0];
  return (
    <div className="jp-EnvManager-options">
      <ul
        id={`${id}-options`}
        role="listbox"
        aria-label={trans.__('Packages found')}
      >
        {packages.map((hit, index) => (
          <Option
            key={`${hit.channel} ${hit.name}`}
            id={`${id}-option-${index}`}
            active={index === active}
            onPick={() => onPick(hit.name)}
          >
            <Name hit={hit} query={draft.trim().toLowerCase()} />
            <span className="jp-EnvManager-optionDetail">
              {[hit.version, hit.channel].filter(Boolean).join(' · ')}
            </span>
          </Option>
        ))}
        {onPypi && (
          <Option
            id={`${id}-option-${packages.length}`}
            active={active === packages.length}
            onPick={onPypi}
          >
            <span className="jp-EnvManager-optionName">{draft.trim()}</span>
            <span className="jp-EnvManager-optionDetail">
              {trans.__('from PyPI')}
            </span>
          </Option>
        )}
      </ul>
      {!packages.length && (
        <div className="jp-EnvManager-optionNote" role="status">
          {problem
            ? problem.message
            : trans.__(
                'No package with “%1” in its name in these channels.',
                draft.trim()
              )}
        </div>
      )}
      {hits.total > packages.length && (
        <div className="jp-EnvManager-optionNote">
          {trans.__(
            '%1 more: type on to narrow',
            String(hits.total - packages.length)
          )}
        </div>
      )}
    </div>
  );
}

function Option(props: {
  id: string;
  active: boolean;
  onPick: () => void;
  children: React.ReactNode;
}): JSX.Element {
  const { id, active, onPick, children } = props;
  return (
    <li
      id={id}
      role="option"
      aria-selected={active}
      className={classes('jp-EnvManager-option', active && 'jp-mod-active')}
      onMouseDown={event => {
        event.preventDefault();
        onPick();
      }}
    >
      {children}
    </li>
  );
}

function Name(props: { hit: PackageHit; query: string }): JSX.Element {
  const { hit, query } = props;
  const found = hit.name.toLowerCase().indexOf(query);
  const start = Math.max(0, found);
  const end = found < 0 ? 0 : start + query.length;
  return (
    <span className="jp-EnvManager-optionName">
      {hit.name.slice(0, start)}
      <b>{hit.name.slice(start, end)}</b>
      {hit.name.slice(end)}
    </span>
  );
}
