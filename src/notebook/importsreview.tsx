import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { NotebookImports, Problem } from '../_models';
import { toProblem } from '../api';
import { classes, Note, TextButton } from '../widgets/components';
import {
  editRow,
  type IImportRow,
  leftOut,
  proposeRows,
  rowValues
} from './importschoice';
import type { FormValues } from './origin';

/** What the review needs. */
export interface IReviewOptions {
  /** The notebook's name. */
  name: string;
  /** Finds out what the notebook needs. */
  read: () => Promise<NotebookImports>;
  /** Translates. */
  trans: TranslationBundle;
}

/** Let the user decide what a new environment for a notebook has; null when they would rather not. */
export async function reviewImports(
  options: IReviewOptions
): Promise<FormValues | null> {
  const { trans, name } = options;
  const body = new ImportsReview(options);
  const dialog = new Dialog<FormValues>({
    title: trans.__('New environment for %1', name),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Continue') })
    ]
  });
  dialog.addClass('jp-EnvManager-reviewDialog');
  const accept = () =>
    dialog.node.querySelector<HTMLButtonElement>('.jp-mod-accept');
  body.whenChanged = () => {
    const button = accept();
    if (button) {
      button.disabled = !body.isRead;
    }
  };
  const { button, value } = await dialog.launch();
  return button.accept && body.isRead ? value : null;
}

/** The table of what a notebook needs, and what is proposed for it. */
export class ImportsReview
  extends ReactWidget
  implements Dialog.IBodyWidget<FormValues>
{
  /** Start reading. */
  constructor(private readonly _options: IReviewOptions) {
    super();
    this.addClass('jp-EnvManager-review');
  }

  /** Called when it has changed. */
  whenChanged: () => void = () => undefined;

  /** Whether there is something to decide on. */
  get isRead(): boolean {
    return this._answer !== null;
  }

  /** What the user has decided. */
  getValue(): FormValues {
    return rowValues(this._rows, this._answer?.python ?? null);
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    void this._read();
  }

  protected render(): JSX.Element {
    const { trans } = this._options;
    if (this._problem) {
      return (
        <Note problem={this._problem} trans={trans}>
          <TextButton onClick={() => void this._read()}>
            {trans.__('Try again')}
          </TextButton>
        </Note>
      );
    }
    if (!this._answer) {
      return (
        <div className="jp-EnvManager-empty" role="status">
          {trans.__('Reading what the notebook imports…')}
        </div>
      );
    }
    return this._renderAnswer(this._answer);
  }

  private _renderAnswer({ problems }: NotebookImports): JSX.Element {
    const { trans } = this._options;
    const missing = leftOut(this._rows);
    return (
      <>
        {problems.map((problem, index) => (
          <Note key={index} problem={problem} kind="warning" />
        ))}
        <p role="status">
          {this._rows.length === 0
            ? trans.__(
                'This notebook imports nothing that has to be installed.'
              )
            : missing
              ? trans._n(
                  'One of these has no package yet: name it, or leave it out.',
                  '%1 of these have no package yet: name them, or leave them out.',
                  missing
                )
              : trans.__('These packages will be installed.')}
        </p>
        {this._rows.length > 0 && (
          <table className="jp-EnvManager-imports">
            <thead>
              <tr>
                <th scope="col">{trans.__('Needed')}</th>
                <th scope="col">{trans.__('Package')}</th>
                <th scope="col">{trans.__('From')}</th>
              </tr>
            </thead>
            <tbody>
              {this._rows.map((row, index) => (
                <ImportRow
                  key={index}
                  row={row}
                  onEdit={change => this._edit(index, change)}
                  trans={trans}
                />
              ))}
            </tbody>
          </table>
        )}
      </>
    );
  }

  private _edit(index: number, change: Partial<IImportRow>): void {
    this._rows = this._rows.map((row, place) =>
      place === index ? editRow(row, change) : row
    );
    this.update();
  }

  private async _read(): Promise<void> {
    this._problem = null;
    this._show();
    try {
      this._answer = await this._options.read();
      this._rows = proposeRows(this._answer);
    } catch (error) {
      this._problem = toProblem(error);
    }
    this._show();
  }

  private _show(): void {
    if (!this.isDisposed) {
      this.update();
      this.whenChanged();
    }
  }

  private _answer: NotebookImports | null = null;
  private _problem: Problem | null = null;
  private _rows: IImportRow[] = [];
}

/** What a row needs. */
interface IImportRowProps {
  row: IImportRow;
  onEdit: (change: Partial<IImportRow>) => void;
  trans: TranslationBundle;
}

function ImportRow({ row, onEdit, trans }: IImportRowProps): JSX.Element {
  const { found, wanted, spec, manager } = row;
  const name = found.module || found.spec || found.origin;
  const unknown = found.spec === null;
  return (
    <tr className={classes(unknown && !wanted && 'jp-mod-unresolved')}>
      <td>
        <label className="jp-EnvManager-check">
          <input
            type="checkbox"
            checked={wanted}
            disabled={!spec.trim()}
            onChange={event => onEdit({ wanted: event.target.checked })}
          />
          <span className="jp-EnvManager-importName">{name}</span>
        </label>
        <div className="jp-EnvManager-hint">
          {unknown && <span>{found.reason || trans.__('not found')}</span>}
          {found.origin && <span>{found.origin}</span>}
          {!unknown && found.reason && <span>{found.reason}</span>}
        </div>
      </td>
      <td>
        <input
          className="jp-EnvManager-input"
          aria-label={trans.__('Package for %1', name)}
          value={spec}
          placeholder={trans.__('skip, or a package')}
          spellCheck={false}
          onChange={event => onEdit({ spec: event.target.value })}
        />
      </td>
      <td>
        <select
          className="jp-EnvManager-select"
          aria-label={trans.__('Where %1 is from', name)}
          value={manager}
          disabled={!spec.trim()}
          onChange={event =>
            onEdit({ manager: event.target.value as 'conda' | 'pypi' })
          }
        >
          <option value="conda">{trans.__('conda')}</option>
          <option value="pypi">{trans.__('PyPI')}</option>
        </select>
      </td>
    </tr>
  );
}
