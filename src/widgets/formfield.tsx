import React from 'react';

import type { Problem } from '../_models';
import { classes } from './components';

/** What a field needs. */
export interface IFieldProps {
  /** The id of its control. */
  id: string;
  /** Its name. */
  label: string;
  /** Whether the control is a group, which takes its name from the label's id. */
  group?: boolean;
  /** What may be wrong with it; the first is shown. */
  problems?: (Problem | null)[];
  /** The control and its hints. */
  children: React.ReactNode;
}

/** A label, a control, and below them what is wrong with it. */
export function FormField({
  id,
  label,
  group,
  problems = [],
  children
}: IFieldProps): JSX.Element {
  const problem = problems.find(Boolean);
  return (
    <div className="jp-EnvManager-field">
      {group ? (
        <span className="jp-EnvManager-label" id={`${id}-label`}>
          {label}
        </span>
      ) : (
        <label className="jp-EnvManager-label" htmlFor={id}>
          {label}
        </label>
      )}
      <div className="jp-EnvManager-control">
        {children}
        {problem && (
          <div className="jp-EnvManager-fieldError" role="alert">
            {problem.message} {problem.hint}
          </div>
        )}
      </div>
    </div>
  );
}

/** What a button that leads on needs. */
export interface IActionButtonProps {
  /** Its class, to find it by. */
  name: string;
  /** Whether it is the one to press next. */
  primary: boolean;
  /** Whether there is nothing it could do. */
  disabled?: boolean;
  /** Whether it has to wait: it keeps the focus then, and ignores clicks. */
  busy: boolean;
  /** Called on a click. */
  onClick: () => void;
  /** Its text. */
  children: string;
}

/** A button that stays where the focus is while its work is under way. */
export function ActionButton(props: IActionButtonProps): JSX.Element {
  const { name, primary, disabled, busy, onClick, children } = props;
  return (
    <button
      type="button"
      className={classes(
        'jp-EnvManager-button jp-mod-styled',
        primary ? 'jp-mod-accept' : 'jp-mod-reject',
        name
      )}
      disabled={disabled}
      aria-disabled={busy || undefined}
      onClick={() => {
        if (!busy) {
          onClick();
        }
      }}
    >
      {children}
    </button>
  );
}
