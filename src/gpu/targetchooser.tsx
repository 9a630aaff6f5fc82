import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { GpuReport, GpuTarget } from '../_models';
import { joinParts } from '../format';
import type { IResource } from '../tokens';
import { Cards } from '../widgets/cards';
import { LinkButton, Note, TextButton } from '../widgets/components';
import { gpuProblem, parseTyped } from './gputyped';
import { OTHER, targetCards } from './targetcards';
import { TypedTarget } from './typedtarget';

/** What the choice of a target needs. */
export interface ITargetChooserProps {
  /** The target that the environment is for. */
  target: GpuTarget;
  /** The one that it is to be for; null where it stays. */
  wanted: string | null;
  /** What there is to choose from. */
  gpus: IResource<GpuReport>;
  /** Reads that. */
  onGpus: () => void;
  /** Whether the environment may be changed. */
  changeable: boolean;
  /** Called with the name of another target; null keeps the one it has. */
  onTarget: (target: string | null) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The GPU that an environment is for, and on demand the ones it could be for. */
export function TargetChooser(props: ITargetChooserProps): JSX.Element {
  const { target, changeable, gpus, onGpus, trans } = props;
  const [open, setOpen] = React.useState(false);
  const id = React.useId();
  // What was chosen has been applied.
  React.useEffect(() => setOpen(false), [target.name]);
  return (
    <section
      className="jp-EnvManager-gpuSection"
      aria-label={trans.__('GPU target')}
      data-target={target.name}
    >
      <div className="jp-EnvManager-gpuHead">
        <h2 id={id} className="jp-EnvManager-gpuTitle">
          {trans.__('Made for')}
        </h2>
        {changeable && (
          <TextButton
            onClick={() => {
              if (!open && !gpus.data) {
                onGpus();
              }
              setOpen(!open);
            }}
          >
            {open ? trans.__('Done') : trans.__('Change…')}
          </TextButton>
        )}
      </div>
      <p className="jp-EnvManager-gpuLine">
        <b>{target.title}</b>
        <span className="jp-EnvManager-gpuFacts">{facts(target, trans)}</span>
      </p>
      <p className="jp-EnvManager-hint">
        {target.cuda
          ? trans.__('Packages that are changed here come as builds for it.')
          : trans.__('Packages that are changed here come as CPU builds.')}
      </p>
      {open && changeable && <Choice {...props} labelledBy={id} />}
    </section>
  );
}

function Choice(
  props: ITargetChooserProps & { labelledBy: string }
): JSX.Element {
  const { target, wanted, gpus, onGpus, onTarget, labelledBy, trans } = props;
  const id = React.useId();
  const chosen = wanted ?? target.name;
  // A machine that is described counts once the description is complete.
  const [draft, setDraft] = React.useState(parseTyped(chosen) ? chosen : null);
  const choose = (name: string) => {
    const typed = parseTyped(name) !== null;
    setDraft(typed ? name : null);
    const complete = !typed || !gpuProblem(name, trans);
    onTarget(complete && name !== target.name ? name : null);
  };
  React.useEffect(() => {
    // It was discarded, or a way out of a problem was taken.
    if (wanted !== null) {
      setDraft(parseTyped(wanted) ? wanted : null);
    } else if (draft !== target.name && !gpuProblem(draft, trans)) {
      setDraft(null);
    }
  }, [wanted]);
  const describes = draft !== null;
  const pointed = React.useRef(false);
  React.useEffect(() => {
    // Arrow keys pass this card on their way to the next one.
    if (describes && pointed.current) {
      document.getElementById(`${id}-cuda`)?.focus();
    }
  }, [describes]);
  return (
    <div
      className="jp-EnvManager-gpuChoice"
      onClick={event => {
        pointed.current = event.detail > 0;
      }}
    >
      <Cards
        id={id}
        labelledBy={labelledBy}
        cards={targetCards(gpus.data, chosen, gpus.problem !== null, trans)}
        value={describes ? OTHER : chosen}
        onChange={choose}
      />
      {describes && (
        <TypedTarget
          id={id}
          gpu={draft}
          wrong={false}
          onChange={choose}
          trans={trans}
        />
      )}
      {gpus.problem && (
        <Note problem={gpus.problem} trans={trans}>
          <LinkButton onClick={onGpus}>{trans.__('Try again')}</LinkButton>
        </Note>
      )}
    </div>
  );
}

/** What is known of a target: in its own words, and where these do not say it, the figures. */
function facts(target: GpuTarget, trans: TranslationBundle): string {
  const { detail, cuda, compute_capability: capability } = target;
  const version = cuda && trans.__('CUDA %1', cuda);
  return joinParts(
    detail,
    version && !detail.includes(version) && version,
    capability && trans.__('capability %1', capability)
  );
}
