import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Relaxation, RelaxedSpec } from '../_models';
import { LinkButton, TextButton } from '../widgets/components';
import { mildest } from './relaxing';

/** What the list of specs that cannot be met needs. */
export interface IRelaxationsProps {
  /** The specs, and what could stand for each. */
  relaxations: readonly Relaxation[];
  /** Called with what is to stand for which. */
  onUse: (relaxed: Record<string, string>) => void;
  /** Goes to a line of the file; without it, lines are only said. */
  onLine?: (line: number) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The specs of a file that cannot be met, with choices to ask for less: one by one, or all at once. */
export function Relaxations({
  relaxations,
  onUse,
  onLine,
  trans
}: IRelaxationsProps): JSX.Element {
  const [chosen, setChosen] = React.useState<Record<string, string>>({});
  const all = { ...mildest(relaxations), ...chosen };
  const choices = relaxations.filter(({ spec }) => spec in all);
  const use = (specs: readonly Relaxation[]) =>
    onUse(Object.fromEntries(specs.map(({ spec }) => [spec, all[spec]])));
  return (
    <div className="jp-EnvManager-relaxations">
      {choices.length > 0 && (
        <TextButton primary onClick={() => use(choices)}>
          {choices.length === 1
            ? trans.__('Use this and preview again')
            : trans.__('Use these and preview again')}
        </TextButton>
      )}
      <ul>
        {relaxations.map(relaxation => (
          <RelaxationRow
            key={relaxation.spec}
            relaxation={relaxation}
            value={all[relaxation.spec]}
            said={relaxations.length === 1}
            onChoose={spec => setChosen({ ...chosen, [relaxation.spec]: spec })}
            onUse={choices.length > 1 ? () => use([relaxation]) : null}
            onLine={onLine}
            trans={trans}
          />
        ))}
      </ul>
    </div>
  );
}

function RelaxationRow(props: {
  relaxation: Relaxation;
  value: string | undefined;
  said: boolean;
  onChoose: (spec: string) => void;
  onUse: (() => void) | null;
  onLine?: (line: number) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { relaxation, value, said, onChoose, onUse, onLine, trans } = props;
  const { spec, line, message, choices } = relaxation;
  const number = line === null ? '' : String(line);
  const goTo = trans.__('Go to line %1', number);
  const words = said ? goTo : trans.__('Line %1', number);
  return (
    <li className="jp-EnvManager-relaxation">
      <div>
        {line !== null && (onLine || !said) && (
          <span className="jp-EnvManager-relaxationLine">
            {onLine ? (
              <LinkButton label={goTo} onClick={() => onLine(line)}>
                {words}
              </LinkButton>
            ) : (
              words
            )}
          </span>
        )}
        {/* The problem itself says it of a single one. */}
        {!said && (
          <>
            <code>{spec}</code>
            <span className="jp-EnvManager-hint jp-EnvManager-relaxationWhy">
              {message}
            </span>
          </>
        )}
      </div>
      {value !== undefined && (
        <div className="jp-EnvManager-relaxationChoice">
          <select
            className="jp-EnvManager-select"
            aria-label={trans.__('Instead of %1', spec)}
            value={value}
            onChange={event => onChoose(event.target.value)}
          >
            {choices.map(choice => (
              <option key={choice.spec} value={choice.spec}>
                {choiceWords(choice, trans)}
              </option>
            ))}
          </select>
          {onUse && (
            <LinkButton
              label={trans.__('Use only this, instead of %1', spec)}
              onClick={onUse}
            >
              {trans.__('use only this')}
            </LinkButton>
          )}
        </div>
      )}
    </li>
  );
}

/** `drop the build: numpy=1.26.4 → 1.26.4 is there` */
function choiceWords(
  { spec, drops, found }: RelaxedSpec,
  trans: TranslationBundle
): string {
  switch (drops) {
    case 'build':
      return trans.__('any build: %1 → %2 is there', spec, found);
    case 'patch':
      return trans.__('any patch version: %1 → %2 is there', spec, found);
    default:
      return trans.__('any version: %1 → %2 is there', spec, found);
  }
}

/** What is asked for less strictly than the file says, with the way back. */
export function Relaxed(props: {
  relaxed: Readonly<Record<string, string>>;
  onUndo: (specs: string[]) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { relaxed, onUndo, trans } = props;
  const specs = Object.keys(relaxed);
  return (
    <div
      className="jp-EnvManager-relaxed"
      role="group"
      aria-label={trans.__('Asked for less strictly than in the file')}
    >
      <span>{trans.__('Less strict than the file:')}</span>
      <ul>
        {specs.map(spec => (
          <li key={spec}>
            <code>{spec}</code> → <code>{relaxed[spec]}</code>{' '}
            <LinkButton
              label={trans.__('Undo for %1', spec)}
              onClick={() => onUndo([spec])}
            >
              {trans.__('undo')}
            </LinkButton>
          </li>
        ))}
      </ul>
      {specs.length > 1 && (
        <LinkButton onClick={() => onUndo(specs)}>
          {trans.__('undo all')}
        </LinkButton>
      )}
    </div>
  );
}
