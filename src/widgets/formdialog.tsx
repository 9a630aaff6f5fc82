import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import React from 'react';

/** What a dialog with a form needs. */
export interface IFormDialogOptions {
  /** Its heading. */
  title: string;
  /** The form; rendered again with each change. */
  form: () => JSX.Element;
  /** Emitted when the form has changed. */
  changed: ISignal<unknown, void>;
  /** Does what the form is for; the dialog stays open when the answer is false. */
  save: () => Promise<boolean>;
  /** The text of the button that does it; null where there is nothing to do but to look. */
  saveLabel: string | null;
  /** What has the focus at first, as a selector; its first input by default. */
  focus?: string;
  /** Translates. */
  trans: TranslationBundle;
}

const OWN_ENTER =
  'button, textarea, select, summary, input:is([type=file], [type=color], [type=search])';

const FIRST =
  '.jp-EnvManager-kernelForm :is(button, input, textarea, select):enabled';

/** A dialog with a form that stays open, as it was typed, until the server has taken it. */
export class FormDialog extends Dialog<null> {
  /** Make a dialog; `launch()` shows it. */
  constructor(private readonly _form: IFormDialogOptions) {
    const { title, form, changed, saveLabel, focus, trans } = _form;
    const body = new FormBody(form);
    const cancel = Dialog.cancelButton({
      label: saveLabel === null ? trans.__('Close') : trans.__('Cancel')
    });
    super({
      title,
      body,
      buttons:
        saveLabel === null
          ? [cancel]
          : [cancel, Dialog.okButton({ label: saveLabel })],
      focusNodeSelector: `.jp-EnvManager-kernelForm ${focus ?? 'input:enabled'}`
    });
    this.addClass('jp-EnvManager-formDialog');
    changed.connect(() => body.update(), body);
  }

  /** Save first where a button is pressed that says so. */
  resolve(index?: number): void {
    if (this._form.saveLabel === null || index === 0) {
      super.resolve(index);
      return;
    }
    void this._form.save().then(done => {
      if (done) {
        super.resolve(index);
      } else {
        this._showProblem();
      }
    });
  }

  /** JupyterLab's dialogs take Enter for themselves: the form's own buttons, lists and texts need it. */
  handleEvent(event: Event): void {
    const { target, type } = event;
    if (this._isPastEnd(event)) {
      event.preventDefault();
      event.stopPropagation();
      this.node.querySelector<HTMLElement>(FIRST)?.focus();
      return;
    }
    const key = type === 'keydown' ? (event as KeyboardEvent).key : '';
    const own =
      target instanceof HTMLElement &&
      target.closest('.jp-EnvManager-kernelForm') !== null &&
      (key === 'ArrowLeft' ||
        key === 'ArrowRight' ||
        (key === 'Enter' && target.matches(OWN_ENTER)));
    if (!own) {
      super.handleEvent(event);
    }
  }

  /** Whether Tab leaves the last button; JupyterLab's dialogs look for the first control before the form is there. */
  private _isPastEnd(event: Event): boolean {
    const { key, shiftKey } = event as KeyboardEvent;
    const last = [...this.node.querySelectorAll('.jp-Dialog-button')].pop();
    return (
      event.type === 'keydown' &&
      key === 'Tab' &&
      !shiftKey &&
      event.target === last &&
      this.node.querySelector(FIRST) !== null
    );
  }

  /** Bring what is wrong into view, and the focus to it. */
  private _showProblem(): void {
    requestAnimationFrame(() => {
      const error = this.node.querySelector(
        '.jp-EnvManager-fieldError, .jp-EnvManager-note.jp-mod-problem'
      );
      error?.scrollIntoView({ block: 'nearest' });
      error
        ?.closest('.jp-EnvManager-field')
        ?.querySelector<HTMLElement>('input, textarea, select')
        ?.focus();
    });
  }
}

class FormBody extends ReactWidget implements Dialog.IBodyWidget<null> {
  constructor(private readonly _content: () => JSX.Element) {
    super();
    this.addClass('jp-EnvManager-kernelForm');
  }

  getValue(): null {
    return null;
  }

  protected render(): JSX.Element {
    return <>{this._content()}</>;
  }
}
