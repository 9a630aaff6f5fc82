import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import React from 'react';

import type { FileText, Problem } from '../_models';
import { toProblem } from '../api';
import { classes } from '../widgets/components';
import { FormDialog } from '../widgets/formdialog';
import { FormField } from '../widgets/formfield';

/** What the dialog needs. */
export interface IAddressDialogOptions {
  /** Where the site allows files from, as beginnings of addresses. */
  allowed: readonly string[];
  /** Fetches the file at an address. */
  fetch: (url: string) => Promise<FileText>;
  /** Translates. */
  trans: TranslationBundle;
}

const ID = 'jp-EnvManager-address';

/** Ask for an address until there is a file; null when the user would rather not. */
export async function fetchFrom({
  allowed,
  fetch,
  trans
}: IAddressDialogOptions): Promise<FileText | null> {
  const changed = new Signal<object, void>({});
  let url = '';
  let problem: Problem | null = null;
  let file: FileText | null = null;
  const save = async () => {
    try {
      file = await fetch(url.trim());
    } catch (error) {
      problem = toProblem(error);
      changed.emit();
    }
    return file !== null;
  };
  const dialog = new FormDialog({
    title: trans.__('File from a URL'),
    changed,
    form: () => (
      <FormField id={ID} label={trans.__('Address')} problems={[problem]}>
        <input
          id={ID}
          type="url"
          className={classes(
            'jp-EnvManager-input jp-mod-wide',
            problem && 'jp-mod-invalid'
          )}
          value={url}
          autoComplete="off"
          spellCheck={false}
          placeholder={trans.__('https://…/environment.yml')}
          aria-invalid={problem !== null}
          aria-describedby={`${ID}-hint`}
          onChange={event => {
            url = event.target.value;
            problem = null;
            changed.emit();
          }}
        />
        <div className="jp-EnvManager-hint" id={`${ID}-hint`}>
          {trans.__('Allowed here: %1', allowed.join(', '))}
        </div>
      </FormField>
    ),
    save,
    saveLabel: trans.__('Fetch'),
    trans
  });
  dialog.addClass('jp-EnvManager-addressDialog');
  await dialog.launch();
  return file;
}
