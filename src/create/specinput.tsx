import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { PackageHits } from '../_models';
import { hasConstraint, specName, specProblem, splitSpecs } from '../specs';
import { classes } from '../widgets/components';
import { Options } from './specoptions';

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
  /** Shown while there are none. */
  placeholder: string;
  /** Called with the new specs. */
  onChange: (specs: string[]) => void;
  /** Called with a name that shall come from PyPI; left out where that makes no sense. */
  onPypi?: (name: string) => void;
  /** Searches the channels; left out where there is nothing to search in. */
  search?: (
    query: string,
    limit: number,
    signal: AbortSignal
  ) => Promise<PackageHits>;
  /** Splits typed text; into match specs by default. */
  split?: (text: string) => string[];
  /** The package that a spec is about; a match spec's by default. */
  nameOf?: (spec: string) => string;
  /** What keeps a text from being a spec; from being a match spec by default. */
  problemOf?: (spec: string, trans: TranslationBundle) => string;
  /** Translates. */
  trans: TranslationBundle;
}

/** What a search said: the hits, or why there are none. */
function useCompletion(draft: string, search: ISpecInputProps['search']) {
  const [hits, setHits] = React.useState<PackageHits | null>(null);
  const query = hasConstraint(draft) ? '' : draft.trim();
  React.useEffect(() => {
    setHits(null);
    if (!search || !query || query.startsWith('-')) {
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

/** Whether a comma still belongs to what is typed: to its versions, or to the extras in brackets. */
function goesOn(draft: string): boolean {
  return hasConstraint(draft) || /\[[^\]]*$/.test(draft);
}

/** Packages as chips, with completion from the channels; free match specs are welcome. */
export function SpecInput(props: ISpecInputProps): JSX.Element {
  const { id, specs, onChange, onPypi, split = splitSpecs, trans } = props;
  const [draft, setDraft] = React.useState('');
  const [active, setActive] = React.useState(-1);
  const [open, setOpen] = React.useState(false);
  const input = React.useRef<HTMLInputElement>(null);
  const hits = useCompletion(draft, props.search);
  const options = hits?.packages ?? [];
  const shown = open && hits !== null && draft.trim() !== '';
  // What a channel has by this very name comes from there.
  const other =
    onPypi && !options.some(({ name }) => name === draft.trim().toLowerCase());
  const places = options.length + (other ? 1 : 0);

  const clear = () => {
    setDraft('');
    setActive(-1);
  };
  const add = (text: string) => {
    const fresh = split(text).filter(spec => !specs.includes(spec));
    if (fresh.length) {
      onChange([...specs, ...new Set(fresh)]);
    }
    clear();
  };
  const addFromPypi = () => {
    onPypi?.(draft.trim());
    clear();
  };
  const remove = (index: number) => {
    onChange(specs.filter((_, other) => other !== index));
    input.current?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown && places) {
      // Going past either end leaves the list: Enter then takes the text as typed.
      setActive(((active + 1 + step + places + 1) % (places + 1)) - 1);
    } else if (event.key === 'Enter' && shown && active === options.length) {
      addFromPypi();
    } else if (event.key === 'Enter' && draft.trim()) {
      add(shown && options[active] ? options[active].name : draft);
    } else if (event.key === ',' && draft.trim() && !goesOn(draft)) {
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
    if (split(draft + text).length > 1) {
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
            name={(props.nameOf ?? specName)(spec)}
            problem={(props.problemOf ?? specProblem)(spec, trans)}
            faulty={spec === props.faulty}
            trans={trans}
            onRemove={() => remove(index)}
          />
        ))}
        <input
          id={id}
          ref={input}
          className="jp-EnvManager-chipInput"
          {...(props.search && {
            role: 'combobox',
            'aria-autocomplete': 'list',
            'aria-expanded': shown,
            'aria-controls': `${id}-options`,
            'aria-activedescendant':
              active >= 0 && shown ? `${id}-option-${active}` : undefined
          })}
          aria-invalid={props.invalid}
          aria-describedby={`${id}-hint`}
          autoComplete="off"
          spellCheck={false}
          placeholder={specs.length ? '' : props.placeholder}
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
          onPypi={other ? addFromPypi : undefined}
          trans={trans}
        />
      )}
    </div>
  );
}

function Chip(props: {
  spec: string;
  name: string;
  problem: string;
  faulty: boolean;
  trans: TranslationBundle;
  onRemove: () => void;
}): JSX.Element {
  const { spec, name, problem, faulty, trans, onRemove } = props;
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
