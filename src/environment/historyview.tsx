import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Generation, History } from '../_models';
import { formatAgo, formatBytes, formatTime, joinParts } from '../format';
import { ActionList } from '../plan/planview';
import type { IResource } from '../tokens';
import {
  Badge,
  IconButton,
  Placeholder,
  TextButton
} from '../widgets/components';
import { difference } from './changefoot';

/** What the history needs. */
export interface IHistoryProps {
  /** The generations. */
  resource: IResource<History>;
  /** Why the environment cannot be changed now; empty when it can. */
  unchangeable: string;
  /** Reads them again. */
  onRetry: () => void;
  /** Makes a generation the current one. */
  onGo: (generation: number) => void;
  /** Shows the menu of a generation below an element. */
  onMenu: (generation: Generation, anchor: HTMLElement) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The states of an environment, newest first, each a click away. */
export function HistoryView(props: IHistoryProps): JSX.Element {
  const { resource, onRetry, trans } = props;
  const generations = resource.data?.generations ?? [];
  const current = generations.find(generation => generation.current);
  return (
    <div className="jp-EnvManager-scroll jp-EnvManager-historyView">
      <Placeholder
        resource={resource}
        onRetry={onRetry}
        trans={trans}
        loading={trans.__('Reading the history…')}
      />
      {resource.data && (
        <p className="jp-EnvManager-hint">{sums(resource.data, trans)}</p>
      )}
      {resource.data && !generations.length && (
        <p className="jp-EnvManager-empty">
          {trans.__('Nothing has been changed here yet.')}
        </p>
      )}
      <ol
        className="jp-EnvManager-generations"
        aria-label={trans.__('History')}
      >
        {generations.map(generation => (
          <GenerationRow
            key={generation.number}
            generation={generation}
            later={generation.number > (current?.number ?? Infinity)}
            {...props}
          />
        ))}
      </ol>
    </div>
  );
}

/** `3 kept states use 120 MB; up to 3 are kept.` */
function sums(
  { generations, keep, size }: History,
  trans: TranslationBundle
): string {
  const kept = generations.filter(({ current }) => !current).length;
  const limit = trans._n(
    'Up to %1 former state is kept; your site sets how many.',
    'Up to %1 former states are kept; your site sets how many.',
    keep
  );
  return kept
    ? `${trans._n(
        '%1 kept state uses %2.',
        '%1 kept states use %2.',
        kept,
        formatBytes(size)
      )} ${limit}`
    : limit;
}

function GenerationRow(
  props: IHistoryProps & { generation: Generation; later: boolean }
): JSX.Element {
  const { generation, later, unchangeable, onGo, onMenu, trans } = props;
  const { number, title, current, created, size } = generation;
  const facts = joinParts(
    trans._n('%1 package', '%1 packages', generation.packages),
    generation.python && `Python ${generation.python}`,
    size !== null && !current && trans.__('%1 of its own', formatBytes(size))
  );
  return (
    <li
      className="jp-EnvManager-generation"
      data-generation={number}
      aria-current={current ? 'true' : undefined}
    >
      <span className="jp-EnvManager-generationNumber">{number}</span>
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-generationHead">
          <span className="jp-EnvManager-rowName" title={title}>
            {title}
          </span>
          {current && <Badge kind="good">{trans.__('current')}</Badge>}
          {generation.changed_since && (
            <Badge kind="warning">
              {trans.__('changed by another tool since')}
            </Badge>
          )}
        </div>
        <div className="jp-EnvManager-rowDetail">
          {created !== null && (
            <span title={formatTime(created)}>
              {formatAgo(created, trans)}
              {' · '}
            </span>
          )}
          {facts}
        </div>
        <Difference generation={generation} trans={trans} />
      </div>
      {!current && (
        <TextButton
          disabled={unchangeable !== ''}
          label={
            later
              ? trans.__('Go forward to %1', String(number))
              : trans.__('Go back to %1', String(number))
          }
          onClick={() => onGo(number)}
        >
          {later ? trans.__('Go forward to this') : trans.__('Go back to this')}
        </TextButton>
      )}
      {!current && (
        <IconButton
          icon={ellipsesIcon}
          label={trans.__('Actions for %1', String(number))}
          menu
          onClick={anchor => onMenu(generation, anchor)}
        />
      )}
    </li>
  );
}

/** What a generation changed of the one before it; the lines on demand. */
function Difference(props: {
  generation: Generation;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { generation, trans } = props;
  const { actions, pin, unpin } = generation;
  const pins = joinParts(
    pin.length > 0 && trans.__('pinned %1', pin.join(', ')),
    unpin.length > 0 && trans.__('unpinned %1', unpin.join(', '))
  );
  if (!actions.length) {
    return pins ? <div className="jp-EnvManager-rowDetail">{pins}</div> : null;
  }
  return (
    <details className="jp-EnvManager-difference">
      <summary>{joinParts(difference(actions, trans), pins)}</summary>
      <ActionList actions={actions} trans={trans} />
    </details>
  );
}
