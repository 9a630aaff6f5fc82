import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { PackageHits } from './_models';
import { classes } from './components';
import { hasConstraint, specName, specProblem, splitSpecs } from './specs';

const DELAY = 180;
const LIMIT = 12;

/** What the input of packages needs. */
export interface ISpecInputProps {
  /** The id of the text box, for its label. */
  id: string;
  /** The specs so far. */
  specs: string[];
  /** Whether the field as a whole is wrong. */
  invalid: boolean;
  /** The spec that is at fault, if one is. */
  faulty: string | null;
  /** Called with the new specs. */
  onChange: (specs: string[]) => void;
  /** Searches the channels. */
  search: (
    query: string,
    limit: number,
    signal: AbortSignal
  ) => Promise<PackageHits>;
  /** Translates. */
  trans: TranslationBundle;
}

/** What a search said: the hits, or why there are none. */
function useCompletion(draft: string, search: ISpecInputProps['search']) {
  const [hits, setHits] = React.useState<PackageHits | null>(null);
  const query = hasConstraint(draft) ? '' : draft.trim();
  React.useEffect(() => {
    setHits(null);
    if (!query || query.startsWith('-')) {
      return;
    }
    const aborter = new AbortController();
    const timer = setTimeout(() => {
      search(query, LIMIT, aborter.signal).then(setHits, () => {
        if (!aborter.signal.aborted) {
          setHits(null);
        }
      });
    }, DELAY);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [query]);
  return hits;
}

/** Packages as chips, with completion from the channels; free match specs are welcome. */
export function SpecInput(props: ISpecInputProps): JSX.Element {
  const { id, specs, onChange, trans } = props;
  const [draft, setDraft] = React.useState('');
  const [active, setActive] = React.useState(-1);
  const [open, setOpen] = React.useState(false);
  const input = React.useRef<HTMLInputElement>(null);
  const hits = useCompletion(draft, props.search);
  const options = hits?.packages ?? [];
  const shown = open && hits !== null && draft.trim() !== '';

  const add = (text: string) => {
    const fresh = splitSpecs(text).filter(spec => !specs.includes(spec));
    if (fresh.length) {
      onChange([...specs, ...fresh]);
    }
    setDraft('');
    setActive(-1);
  };
  const remove = (index: number) => {
    onChange(specs.filter((_, other) => other !== index));
    input.current?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown && options.length) {
      // Going past either end leaves the list: Enter then takes the text as typed.
      const places = options.length + 1;
      setActive(((active + 1 + step + places) % places) - 1);
    } else if (event.key === 'Enter' && draft.trim()) {
      add(shown && options[active] ? options[active].name : draft);
    } else if (event.key === ',' && draft.trim() && !hasConstraint(draft)) {
      add(draft);
    } else if (event.key === 'Escape' && shown) {
      setOpen(false);
      event.stopPropagation();
    } else if (event.key === 'Backspace' && !draft && specs.length) {
      setDraft(specs[specs.length - 1]);
      onChange(specs.slice(0, -1));
    } else {
      return;
    }
    event.preventDefault();
  };
  const onPaste = (event: React.ClipboardEvent) => {
    const text = event.clipboardData.getData('text');
    if (splitSpecs(draft + text).length > 1) {
      event.preventDefault();
      add(draft + text);
    }
  };

  return (
    <div className="jp-EnvManager-specs">
      <div
        className={classes(
          'jp-EnvManager-chips',
          props.invalid && 'jp-mod-invalid'
        )}
        onMouseDown={event => {
          if (event.target === event.currentTarget) {
            event.preventDefault();
            input.current?.focus();
          }
        }}
      >
        {specs.map((spec, index) => (
          <Chip
            key={spec}
            spec={spec}
            faulty={spec === props.faulty}
            trans={trans}
            onRemove={() => remove(index)}
          />
        ))}
        <input
          id={id}
          ref={input}
          className="jp-EnvManager-chipInput"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={shown}
          aria-controls={`${id}-options`}
          aria-activedescendant={
            active >= 0 && shown ? `${id}-option-${active}` : undefined
          }
          aria-invalid={props.invalid}
          aria-describedby={`${id}-hint`}
          autoComplete="off"
          spellCheck={false}
          placeholder={specs.length ? '' : trans.__('numpy, pandas>=2, …')}
          value={draft}
          onChange={event => {
            setDraft(event.target.value);
            setActive(-1);
            setOpen(true);
          }}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => {
            setOpen(false);
            if (draft.trim()) {
              add(draft);
            }
          }}
        />
      </div>
      {shown && (
        <Options
          id={id}
          draft={draft}
          hits={hits}
          active={active}
          onPick={add}
          trans={trans}
        />
      )}
    </div>
  );
}

function Chip(props: {
  spec: string;
  faulty: boolean;
  trans: TranslationBundle;
  onRemove: () => void;
}): JSX.Element {
  const { spec, faulty, trans, onRemove } = props;
  const problem = specProblem(spec, trans);
  const name = specName(spec);
  const plain = !problem && spec.toLowerCase().startsWith(name);
  return (
    <span
      className={classes(
        'jp-EnvManager-chip',
        (problem || faulty) && 'jp-mod-invalid'
      )}
      aria-invalid={problem || faulty ? true : undefined}
      title={problem || undefined}
    >
      <span className="jp-EnvManager-chipText">
        {plain ? spec.slice(0, name.length) : spec}
        {plain && (
          <span className="jp-EnvManager-chipVersion">
            {spec.slice(name.length)}
          </span>
        )}
      </span>
      <button
        type="button"
        className="jp-EnvManager-iconButton"
        aria-label={trans.__('Remove %1', spec)}
        onClick={onRemove}
      >
        <closeIcon.react tag="span" width="12px" height="12px" />
      </button>
    </span>
  );
}

function Options(props: {
  id: string;
  draft: string;
  hits: PackageHits;
  active: number;
  onPick: (name: string) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { id, draft, hits, active, onPick, trans } = props;
  const query = draft.trim().toLowerCase();
  const problem = hits.problems[0];
  return (
    <div className="jp-EnvManager-options">
      <ul
        id={`${id}-options`}
        role="listbox"
        aria-label={trans.__('Packages found')}
      >
        {hits.packages.map((hit, index) => {
          const start = hit.name.toLowerCase().indexOf(query);
          const end = start < 0 ? 0 : start + query.length;
          return (
            <li
              key={`${hit.channel} ${hit.name}`}
              id={`${id}-option-${index}`}
              role="option"
              aria-selected={index === active}
              className={classes(
                'jp-EnvManager-option',
                index === active && 'jp-mod-active'
              )}
              onMouseDown={event => {
                event.preventDefault();
                onPick(hit.name);
              }}
            >
              <span className="jp-EnvManager-optionName">
                {hit.name.slice(0, Math.max(0, start))}
                <b>{hit.name.slice(Math.max(0, start), end)}</b>
                {hit.name.slice(end)}
              </span>
              <span className="jp-EnvManager-optionDetail">
                {[hit.version, hit.channel].filter(Boolean).join(' · ')}
              </span>
            </li>
          );
        })}
      </ul>
      {!hits.packages.length && (
        <div className="jp-EnvManager-optionNote" role="status">
          {problem
            ? problem.message
            : trans.__(
                'No package with “%1” in its name in these channels.',
                draft.trim()
              )}
        </div>
      )}
      {hits.total > hits.packages.length && (
        <div className="jp-EnvManager-optionNote">
          {trans.__(
            '%1 more: type on to narrow',
            String(hits.total - hits.packages.length)
          )}
        </div>
      )}
    </div>
  );
}
