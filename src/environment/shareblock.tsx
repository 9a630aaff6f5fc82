import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Environment } from '../_models';

/** What a block needs. */
export interface IBlockProps {
  /** What it is about. */
  title: string;
  /** What that is good for. */
  hint?: string;
  /** Its content. */
  children?: React.ReactNode;
}

/** A part of the tab: a heading, a sentence, and what can be done. */
export function Block({ title, hint, children }: IBlockProps): JSX.Element {
  return (
    <section className="jp-EnvManager-shareBlock" aria-label={title}>
      <h2 className="jp-EnvManager-shareTitle">{title}</h2>
      {hint && <p className="jp-EnvManager-hint">{hint}</p>}
      {children}
    </section>
  );
}

/** Why an environment can be neither cloned nor packed, whatever its state; empty where it can. */
export function immovable(
  { kind }: Environment,
  trans: TranslationBundle
): string {
  return kind === 'venv'
    ? trans.__(
        'A venv cannot be cloned or packed, as its Python lies elsewhere: export it, and create a new environment from the file.'
      )
    : '';
}
