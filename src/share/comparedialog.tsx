import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Environment } from '../_models';
import { toProblem } from '../api';
import type { IInside } from '../tokens';
import { FormDialog } from '../widgets/formdialog';
import { Comparing, type Other } from './comparing';
import { ComparisonView } from './comparisonview';

/** What the dialog needs. */
export interface ICompareDialogOptions {
  /** What is compared. */
  environment: Environment;
  /** What it can be compared with. */
  others: Environment[];
  /** What it is compared with at first. */
  other: Other | null;
  /** Compares it. */
  inside: Pick<IInside, 'compare'>;
  /** Reads a file of the user's own machine, and says what keeps it from that; null when they would rather not. */
  upload: () => Promise<Other | null>;
  /** Whether there are files of the workspace to choose. */
  workspace: boolean;
  /** Translates. */
  trans: TranslationBundle;
}

/** How the dialog was left: with the wish to become like the other, to choose a file, to edit the one that was chosen, or with none. */
export type CompareOutcome =
  | { readonly kind: 'like'; readonly other: Other }
  | { readonly kind: 'workspace' }
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'closed' };

/** Show how an environment differs from another one, or from a file. */
export async function compareEnvironment(
  options: ICompareDialogOptions
): Promise<CompareOutcome> {
  const { environment, others, inside, upload, workspace, trans } = options;
  const comparing = new Comparing(
    request => inside.compare(request),
    options.other
  );
  let outcome: CompareOutcome = { kind: 'closed' };
  const leave = (how: CompareOutcome) => {
    outcome = how;
    dialog.reject();
  };
  const dialog = new FormDialog({
    title: trans.__('Compare “%1”', environment.name),
    changed: comparing.changed,
    form: () => (
      <ComparisonView
        environment={environment}
        others={others}
        comparing={comparing}
        onUpload={() =>
          void upload().then(
            file => file && comparing.choose(file),
            error => comparing.refuse(toProblem(error))
          )
        }
        // JupyterLab shows one dialog at a time.
        onWorkspace={workspace ? () => leave({ kind: 'workspace' }) : null}
        onOpen={path => leave({ kind: 'open', path })}
        onLike={other => leave({ kind: 'like', other })}
        trans={trans}
      />
    ),
    focus: 'select',
    save: async () => true,
    saveLabel: null,
    trans
  });
  dialog.addClass('jp-EnvManager-compareDialog');
  await dialog.launch();
  return outcome;
}
