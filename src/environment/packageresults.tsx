import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { PackageHit, PackageHits, Problem } from '../_models';
import { formatBytes, joinParts } from '../format';
import { origin, packageKey } from '../plan/installed';
import { installItem, type IPendingItem, placeOf } from '../plan/pending';
import {
  hasConstraint,
  isPythonRequirement,
  isRequirement,
  specProblem
} from '../specs';
import {
  IconButton,
  LinkButton,
  Note,
  TextButton
} from '../widgets/components';
import { Row } from '../widgets/rows';

/** What the results of a search need. */
export interface IPackageResultsProps {
  /** What is typed. */
  text: string;
  /** The newest answer; null before the first. */
  hits: PackageHits | null;
  /** Whether the answer is one to the text. */
  current: boolean;
  /** What kept the server from answering. */
  problem: Problem | null;
  /** The installed versions, by {@link packageKey}. */
  installed: Map<string, string>;
  /** What is asked for already. */
  pending: readonly IPendingItem[];
  /** Asks for a package. */
  onAdd: (item: IPendingItem) => void;
  /** Lets the user choose a version and a build of it. */
  onChoose: (hit: PackageHit) => void;
  /** Searches again. */
  onRetry: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** What the channels and PyPI have, to be added. */
export function PackageResults(props: IPackageResultsProps): JSX.Element {
  const { text, hits, current, problem, onRetry, trans } = props;
  const typed = typedItem(text);
  const found = hits?.packages ?? [];
  // PyPI cannot say how much more it has.
  const more =
    (hits?.total ?? 0) -
    found.filter(({ manager }) => manager === 'conda').length;
  return (
    <section
      className="jp-EnvManager-results"
      aria-label={trans.__('Available')}
      aria-busy={!typed && !current && !problem}
    >
      <h2 className="jp-EnvManager-resultsTitle">{trans.__('Available')}</h2>
      {problem && (
        <Note problem={problem} trans={trans}>
          <IconButton
            icon={refreshIcon}
            label={trans.__('Try again')}
            onClick={onRetry}
          />
        </Note>
      )}
      {hits?.problems.map((warning, index) => (
        <Note key={index} problem={warning} kind="warning" trans={trans} />
      ))}
      <div role="list" aria-label={trans.__('Available packages')}>
        {typed ? (
          <TypedRow item={typed} {...props} />
        ) : (
          found.map(hit => (
            <HitRow
              key={`${hit.channel} ${packageKey(hit)}`}
              hit={hit}
              {...props}
            />
          ))
        )}
      </div>
      <div className="jp-EnvManager-empty" role="status">
        {!typed && !problem && status(props, found.length, more)}
      </div>
    </section>
  );
}

function status(
  { text, current, trans }: IPackageResultsProps,
  found: number,
  more: number
): string {
  if (found && more > 0) {
    return trans._n(
      '%1 more: type on to narrow.',
      '%1 more: type on to narrow.',
      more
    );
  }
  if (found) {
    return '';
  }
  return current
    ? trans.__('No package with “%1” in its name.', text.trim())
    : trans.__('Searching…');
}

/** What a text asks for that says more than a name; null for a name. */
export function typedItem(text: string): IPendingItem | null {
  const spec = text.trim();
  return spec && (isRequirement(spec) || hasConstraint(spec))
    ? installItem(spec)
    : null;
}

/** What Enter adds: what was typed in full, or the first result that is not installed; null when there is none. */
export function enterItem(
  props: Pick<IPackageResultsProps, 'text' | 'hits' | 'current' | 'installed'>,
  trans: TranslationBundle
): IPendingItem | null {
  const { text, hits, current, installed } = props;
  const typed = typedItem(text);
  if (typed) {
    return typed.manager === 'conda' && specProblem(typed.spec, trans)
      ? null
      : typed;
  }
  const hit = current ? hits?.packages[0] : undefined;
  return hit && !installed.has(packageKey(hit)) ? hitItem(hit) : null;
}

function hitItem({ name, manager }: PackageHit): IPendingItem {
  return installItem(name, manager === 'pypi');
}

function TypedRow(
  props: IPackageResultsProps & { item: IPendingItem }
): JSX.Element {
  const { item, onAdd, trans } = props;
  const pypi = item.manager === 'pypi';
  const wrong = pypi ? '' : specProblem(item.spec, trans);
  const add = () => onAdd(item);
  const python = !pypi && isPythonRequirement(item.spec);
  return (
    <Row
      kind="hit"
      id={item.spec}
      label={joinParts(item.spec, wrong)}
      onOpen={wrong ? undefined : add}
    >
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-hitHead">
          <b>{item.spec}</b>
        </div>
        {wrong && (
          <div className="jp-EnvManager-rowDetail jp-mod-error" role="alert">
            {wrong}
          </div>
        )}
      </div>
      {!wrong && python && (
        <LinkButton onClick={() => onAdd(installItem(item.spec, true))}>
          {trans.__('Install with PyPI')}
        </LinkButton>
      )}
      {!wrong && (
        <TextButton
          label={pypi ? undefined : trans.__('Add %1', item.spec)}
          onClick={add}
        >
          {pypi ? trans.__('Install with PyPI') : trans.__('Add')}
        </TextButton>
      )}
    </Row>
  );
}

function HitRow(
  props: IPackageResultsProps & { hit: PackageHit }
): JSX.Element {
  const { hit, installed, pending, onAdd, onChoose, trans } = props;
  const { name, version, license, size, summary } = hit;
  const item = hitItem(hit);
  const has = installed.get(packageKey(hit));
  const asked = pending.some(other => placeOf(other) === placeOf(item));
  const facts = joinParts(
    version,
    hit.manager === 'pypi' ? trans.__('from PyPI') : origin(hit),
    size !== null && formatBytes(size),
    license
  );
  return (
    <Row
      kind="hit"
      id={packageKey(hit)}
      label={joinParts(name, facts, summary)}
      onOpen={() => (has ? onChoose(hit) : onAdd(item))}
    >
      <div className="jp-EnvManager-rowText">
        <div className="jp-EnvManager-hitHead">
          <b>{name}</b>
          <span className="jp-EnvManager-hitFacts">{facts}</span>
        </div>
        {summary && (
          <div className="jp-EnvManager-rowDetail" title={summary}>
            {summary}
          </div>
        )}
      </div>
      {(has ?? asked) && (
        <span className="jp-EnvManager-word">
          {asked ? trans.__('added') : trans.__('installed: %1', has)}
        </span>
      )}
      <LinkButton
        label={trans.__('Versions of %1', name)}
        onClick={() => onChoose(hit)}
      >
        {trans.__('Versions…')}
      </LinkButton>
      {!has && !asked && (
        <TextButton
          label={trans.__('Add %1', name)}
          onClick={() => onAdd(item)}
        >
          {trans.__('Add')}
        </TextButton>
      )}
    </Row>
  );
}
