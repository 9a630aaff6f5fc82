import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { type LabIcon, refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { Problem } from '../_models';

/** The classes that are wanted, as one string. */
export function classes(
  ...names: (string | false | null | undefined)[]
): string {
  return names.filter(Boolean).join(' ');
}

/** What a note needs. */
export interface INoteProps {
  /** What happened and what to do. */
  problem: Problem;
  /** How serious it is; an error by default. */
  kind?: 'error' | 'warning' | 'info';
  /** Translates; with it, the note also offers what a process printed. */
  trans?: TranslationBundle;
  /** Buttons at its right. */
  children?: React.ReactNode;
}

/** What the process at fault printed; empty when there was none, or it was silent. */
export function printedOutput({ details }: Problem): string {
  return [details['stderr'], details['log']]
    .filter((text): text is string => typeof text === 'string')
    .map(text => text.trim())
    .filter(Boolean)
    .join('\n\n');
}

/** What an output needs. */
export interface IOutputProps {
  /** What was printed. */
  text: string;
  /** Translates. */
  trans: TranslationBundle;
}

/** What a process printed, to read and to copy. */
export function Output({ text, trans }: IOutputProps): JSX.Element {
  const [copied, setCopied] = React.useState(false);
  return (
    <>
      <pre
        className="jp-EnvManager-output"
        role="region"
        aria-label={trans.__('What the process printed')}
        tabIndex={0}
      >
        {text}
      </pre>
      <TextButton
        onClick={() => {
          Clipboard.copyToSystem(text);
          setCopied(true);
        }}
      >
        {copied ? trans.__('Copied') : trans.__('Copy')}
      </TextButton>
    </>
  );
}

/** A problem as a block: message, hint, and buttons that help. */
export function Note({
  problem,
  kind = 'error',
  trans,
  children
}: INoteProps): JSX.Element {
  const printed = trans ? printedOutput(problem) : '';
  const long = problem.message.includes('\n');
  const [first, ...rest] = long
    ? problem.message.split('\n')
    : [problem.message];
  return (
    <div
      className={`jp-EnvManager-note jp-mod-${kind}`}
      role={kind === 'error' ? 'alert' : 'note'}
      data-code={problem.code}
    >
      <div className="jp-EnvManager-noteText">
        <div className="jp-EnvManager-noteMessage">{first}</div>
        {long && (
          <pre className="jp-EnvManager-noteDetail" tabIndex={0}>
            {rest.join('\n').replace(/^\n+/, '')}
          </pre>
        )}
        {problem.hint && (
          <div className="jp-EnvManager-hint">{problem.hint}</div>
        )}
        {trans && printed && (
          <details className="jp-EnvManager-printed">
            <summary>{trans.__('What the process printed')}</summary>
            <Output text={printed} trans={trans} />
          </details>
        )}
      </div>
      {children && <div className="jp-EnvManager-noteActions">{children}</div>}
    </div>
  );
}

/** What a progress bar needs. */
export interface IProgressProps {
  /** 0..1; null while it is not known. */
  value: number | null;
  /** What makes progress, for screen readers. */
  label: string;
}

/** A thin progress bar. */
export function ProgressBar({ value, label }: IProgressProps): JSX.Element {
  const percent =
    value === null ? null : Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <div
      className={classes(
        'jp-EnvManager-bar',
        percent === null && 'jp-mod-indeterminate'
      )}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
    >
      <div
        className="jp-EnvManager-barFill"
        style={{ width: percent === null ? undefined : `${percent}%` }}
      />
    </div>
  );
}

/** What a badge needs. */
export interface IBadgeProps {
  /** Its colour: neutral by default. */
  kind?: 'neutral' | 'good' | 'warning' | 'error';
  /** More words, as a tooltip. */
  title?: string;
  /** Its text. */
  children: string;
}

/** A short word about a row. */
export function Badge({
  kind = 'neutral',
  title,
  children
}: IBadgeProps): JSX.Element {
  return (
    <span
      className={`jp-EnvManager-badge jp-mod-${kind}`}
      title={title ?? children}
    >
      {children}
    </span>
  );
}

/** What a status dot needs. */
export interface IDotProps {
  /** Its colour: off is hollow. */
  kind: 'on' | 'off' | 'busy' | 'warning' | 'bad';
  /** What it means. */
  label: string;
}

/** A row's status at a glance. */
export function Dot({ kind, label }: IDotProps): JSX.Element {
  return (
    <span
      className={`jp-EnvManager-dot jp-mod-${kind}`}
      role="img"
      aria-label={label}
      title={label}
    />
  );
}

/** What a button with an icon needs. */
export interface IIconButtonProps {
  /** The icon. */
  icon: LabIcon;
  /** What it does. */
  label: string;
  /** Whether it cannot be used now. */
  disabled?: boolean;
  /** Whether it opens a menu. */
  menu?: boolean;
  /** Whether Tab passes it by, because its row has a key for it. */
  skip?: boolean;
  /** Called with its element, so that a menu can open below it. */
  onClick: (element: HTMLElement) => void;
}

/** A small button in a row. */
export function IconButton(props: IIconButtonProps): JSX.Element {
  const { icon, label, disabled, menu, skip, onClick } = props;
  return (
    <button
      type="button"
      className="jp-EnvManager-iconButton"
      aria-label={label}
      aria-haspopup={menu ? 'menu' : undefined}
      tabIndex={skip ? -1 : undefined}
      title={label}
      disabled={disabled}
      onClick={event => {
        event.stopPropagation();
        onClick(event.currentTarget);
      }}
    >
      <icon.react
        tag="span"
        elementPosition="center"
        width="14px"
        height="14px"
      />
    </button>
  );
}

/** What a button with a text needs. */
export interface ITextButtonProps {
  /** Whether it is the one that leads on. */
  primary?: boolean;
  /** Whether it destroys something. */
  danger?: boolean;
  /** Whether it cannot be used now. */
  disabled?: boolean;
  /** What screen readers say where the text alone does not tell it from others. */
  label?: string;
  /** Called on a click. */
  onClick: () => void;
  /** Its text. */
  children: string;
}

/** A button in JupyterLab's own style. */
export function TextButton(props: ITextButtonProps): JSX.Element {
  const { primary, danger, disabled, label, onClick, children } = props;
  const style = danger
    ? 'jp-mod-warn'
    : primary
      ? 'jp-mod-accept'
      : 'jp-mod-reject';
  return (
    <button
      type="button"
      className={`jp-EnvManager-button jp-mod-styled ${style}`}
      aria-label={label}
      disabled={disabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** A button that reads as part of a sentence. */
export function LinkButton({
  label,
  onClick,
  children
}: ITextButtonProps): JSX.Element {
  return (
    <button
      type="button"
      className="jp-EnvManager-link"
      aria-label={label}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** What a placeholder needs. */
export interface IPlaceholderProps {
  /** What was read, or not. */
  resource: { data: unknown; problem: Problem | null; loading: boolean };
  /** Reads it again. */
  onRetry: () => void;
  /** Translates. */
  trans: TranslationBundle;
  /** What to show while nothing has come yet. */
  loading: string;
  /** Whether the same problem is shown elsewhere already. */
  quiet?: boolean;
}

/** What stands in for data that has not come: a line while it loads, the problem and a way out when it failed. */
export function Placeholder(props: IPlaceholderProps): JSX.Element | null {
  const { resource, onRetry, trans, loading, quiet } = props;
  if (resource.problem && quiet) {
    return resource.data === null ? (
      <div className="jp-EnvManager-empty">{trans.__('Not available.')}</div>
    ) : null;
  }
  if (resource.problem) {
    return (
      <Note problem={resource.problem} trans={trans}>
        <IconButton
          icon={refreshIcon}
          label={trans.__('Try again')}
          onClick={onRetry}
        />
      </Note>
    );
  }
  if (resource.data === null) {
    return (
      <div className="jp-EnvManager-empty" role="status">
        {loading}
      </div>
    );
  }
  return null;
}
