import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { GpuRemedy, PlanAction, Problem } from '../_models';
import { FileLines, isAboutFile } from '../plan/filelines';
import { type IPendingItem, placeOf, likenessOf } from '../plan/pending';
import { PlanView } from '../plan/planview';
import { Relaxations, Relaxed } from '../plan/relaxations';
import {
  canRelax,
  relaxationsOf,
  without,
  withoutRelaxed
} from '../plan/relaxing';
import { Remedies, remediesOf } from '../plan/remedies';
import { IconButton, Note, TextButton } from '../widgets/components';
import { ActionButton } from '../widgets/formfield';
import type { Alteration } from './alteration';
import { useFootFocus } from './footfocus';
import { pendingLabel } from './pendingwords';
import { forChange } from './remedyitems';
import { FileRemedies } from './sourceproblem';

/** What the pending changes need. */
export interface IPendingProps {
  /** What is asked for, and the plan for it. */
  alteration: Alteration;
  /** Whether a job works on the environment. */
  working: boolean;
  /** Asks for the plan. */
  onPreview: () => void;
  /** Does what the plan says. */
  onApply: () => void;
  /** Takes a way out of a problem. */
  onRemedy: (remedy: GpuRemedy) => void;
  /** The id of the environment. */
  environment: string;
  /** The commands that help with a file. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

/** What is asked for, and what that comes to: first as chips, then as a plan. */
export function Pending(props: IPendingProps): JSX.Element | null {
  const { alteration, trans } = props;
  const { open: items, plan, problem, outdated, stopped } = alteration;
  const foot = React.useRef<HTMLDivElement>(null);
  const ready = plan !== null && !outdated;
  const like = likenessOf(items);
  const relaxed = relaxedOf(alteration);
  const takesWayOut = useFootFocus(foot, alteration);
  const onRemedy = (remedy: GpuRemedy) => {
    takesWayOut();
    props.onRemedy(remedy);
  };
  const onRelax = (specs: Record<string, string>) => {
    takesWayOut();
    void alteration.relax(specs);
  };
  if (!items.length && !problem) {
    return null;
  }
  return (
    <div ref={foot} className="jp-EnvManager-pending" aria-live="polite">
      {items.length > 0 && <Head {...props} ready={ready} />}
      {like && (
        <div className="jp-EnvManager-hint">
          {trans.__(
            'Nothing else can be asked for until this is applied or dropped.'
          )}
          {like.prune === true && (
            <div>
              {goingWords(like.name, ready ? plan.actions : null, trans)}
            </div>
          )}
        </div>
      )}
      {Object.keys(relaxed).length > 0 && (
        <Relaxed
          relaxed={relaxed}
          onUndo={specs => onRelax(without(relaxed, specs))}
          trans={trans}
        />
      )}
      {problem && (
        <ProblemNote
          {...props}
          problem={problem}
          onRemedy={onRemedy}
          onRelax={onRelax}
        />
      )}
      {plan && (
        <PlanView
          plan={{ ...plan, warnings: withoutRelaxed(plan).map(forChange) }}
          outdated={outdated}
          heading={planHeading(items.length, plan.actions, trans)}
          other={like?.prune === true ? like.name : undefined}
          // A remedy asks for packages, which a source does not go with.
          onRemedy={outdated || like ? undefined : onRemedy}
          accepted={alteration.allows('cpu_build')}
          anyway={
            stopped && !outdated && alteration.canAccept ? (
              <TextButton onClick={() => void alteration.accept()}>
                {trans.__('Apply the CPU build anyway')}
              </TextButton>
            ) : undefined
          }
          trans={trans}
        />
      )}
    </div>
  );
}

function Head(props: IPendingProps & { ready: boolean }): JSX.Element {
  const { alteration, working, ready, onPreview, onApply, trans } = props;
  const { open: items, busy, stopped } = alteration;
  const like = likenessOf(items);
  return (
    <div className="jp-EnvManager-pendingHead">
      <div
        className="jp-EnvManager-pendingItems"
        role="group"
        aria-label={trans.__('Pending changes')}
      >
        {items.map(item => (
          <PendingChip
            key={placeOf(item)}
            label={pendingLabel(item, trans)}
            item={item}
            onDrop={() => alteration.drop(item)}
            trans={trans}
          />
        ))}
        {like && (
          <label className="jp-EnvManager-prune">
            <input
              type="checkbox"
              checked={like.prune === true}
              onChange={event => alteration.prune(event.target.checked)}
            />
            {trans.__('remove everything else')}
          </label>
        )}
      </div>
      <div className="jp-EnvManager-pendingButtons">
        <TextButton onClick={() => alteration.discard()}>
          {trans.__('Discard')}
        </TextButton>
        {!ready && (
          <ActionButton
            name="jp-EnvManager-preview"
            primary={!hasWaysOut(alteration)}
            // The same file would be refused again.
            disabled={badFileOf(alteration) !== null}
            busy={busy !== null || working}
            onClick={onPreview}
          >
            {busy === 'preview' ? trans.__('Solving…') : trans.__('Preview')}
          </ActionButton>
        )}
        {ready && (
          <ActionButton
            name="jp-EnvManager-apply"
            primary={!stopped}
            disabled={stopped}
            busy={busy !== null || working}
            onClick={onApply}
          >
            {busy === 'apply' ? trans.__('Starting…') : trans.__('Apply')}
          </ActionButton>
        )}
      </div>
    </div>
  );
}

function PendingChip(props: {
  item: IPendingItem;
  label: string;
  onDrop: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { item, label, onDrop, trans } = props;
  return (
    <span
      className="jp-EnvManager-chip"
      data-wish={item.wish}
      title={item.spec}
    >
      <span className="jp-EnvManager-chipText">{label}</span>
      <IconButton
        icon={closeIcon}
        label={trans.__('Do not %1', label)}
        onClick={onDrop}
      />
    </span>
  );
}

function ProblemNote(
  props: IPendingProps & {
    problem: Problem;
    onRelax: (relaxed: Record<string, string>) => void;
  }
): JSX.Element {
  const { alteration, problem, onPreview, onRemedy, onRelax, trans } = props;
  const relaxations = alteration.like ? relaxationsOf(problem) : [];
  const relaxed = relaxedOf(alteration);
  const bad = badFileOf(alteration);
  const source = alteration.like?.source;
  // The list of several has what the lines say.
  const text =
    source?.type === 'file' && (bad || relaxations.length === 1)
      ? source.content
      : null;
  // The choices below say it, too.
  const hint = relaxations.length ? '' : problem.hint;
  return (
    <>
      <Note problem={{ ...problem, hint }} trans={trans}>
        {!alteration.like && (
          <Remedies problem={forChange(problem)} onChoose={onRemedy} />
        )}
        {bad && <FileRemedies {...props} item={bad} />}
        {alteration.canAccept && (
          <TextButton onClick={() => void alteration.accept()}>
            {trans.__('Allow this and preview again')}
          </TextButton>
        )}
        {alteration.outdated && !bad && (
          <TextButton onClick={onPreview}>
            {trans.__('Preview again')}
          </TextButton>
        )}
      </Note>
      {text !== null && (
        <FileLines text={text} problem={problem} trans={trans} />
      )}
      {relaxations.length > 0 && (
        <Relaxations
          relaxations={relaxations}
          onUse={more => onRelax({ ...relaxed, ...more })}
          trans={trans}
        />
      )}
    </>
  );
}

/** Whether the problem comes with a way out of it, which is the next step then. */
function hasWaysOut({ like, problem }: Alteration): boolean {
  return like
    ? canRelax(problem)
    : problem !== null && remediesOf(forChange(problem)).length > 0;
}

/** The file that is asked for and cannot be used as it is; else null. */
function badFileOf({ like, problem }: Alteration) {
  if (!like || like.source.type !== 'file' || !problem) {
    return null;
  }
  const { source } = like;
  return isAboutFile(problem) ? { ...like, source } : null;
}

/** How many names are said. */
const MOST_NAMES = 6;

/** What goes where everything else is removed; null where that is not known yet. */
export function goingWords(
  name: string,
  actions: readonly PlanAction[] | null,
  trans: TranslationBundle
): string {
  if (!actions) {
    return trans.__('What is not in “%1” will be removed.', name);
  }
  const going = actions.filter(({ op }) => op === 'remove');
  if (!going.length) {
    return trans.__('There is nothing that is not in “%1”.', name);
  }
  // What was asked for is missed first.
  const asked = going.filter(({ reason }) => reason === 'asked');
  const names = [...new Set([...asked, ...going].map(one => one.name))];
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return trans._n(
    '%1 package is not in “%2” and will be removed: %3',
    '%1 packages are not in “%2” and will be removed: %3',
    names.length,
    name,
    names.length > MOST_NAMES ? `${shown}, …` : shown
  );
}

/** What is asked for less strictly than the file does. */
function relaxedOf({ like }: Alteration): Record<string, string> {
  return (like?.source.type === 'file' && like.source.relaxed) || {};
}

/** What a plan comes to: `2 changes asked → 1 installed, 3 upgraded, nothing removed`. */
export function planHeading(
  asked: number,
  actions: readonly PlanAction[],
  trans: TranslationBundle
): string {
  const request = trans._n('%1 change asked', '%1 changes asked', asked);
  return `${request} → ${difference(actions, trans)}`;
}

/** What actions come to: `1 installed, 3 upgraded, nothing removed`. */
export function difference(
  actions: readonly PlanAction[],
  trans: TranslationBundle
): string {
  if (!actions.length) {
    return trans.__('no package changes');
  }
  const count = (op: PlanAction['op']) =>
    actions.filter(action => action.op === op).length;
  const words: Record<PlanAction['op'], (count: string) => string> = {
    install: number => trans.__('%1 installed', number),
    upgrade: number => trans.__('%1 upgraded', number),
    downgrade: number => trans.__('%1 downgraded', number),
    rebuild: number => trans.__('%1 rebuilt', number),
    remove: number => trans.__('%1 removed', number)
  };
  const parts = (Object.keys(words) as PlanAction['op'][])
    .filter(op => count(op))
    .map(op => words[op](String(count(op))));
  if (!count('remove')) {
    parts.push(trans.__('nothing removed'));
  }
  return parts.join(', ');
}
