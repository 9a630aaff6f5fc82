import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, ReactWidget } from '@jupyterlab/ui-components';
import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import React from 'react';

import type { IEnvManagerModel } from '../tokens';
import { classes } from '../widgets/components';
import { environmentIcon } from '../widgets/icons';
import {
  type INotebookState,
  kernelName,
  notebookState
} from './notebookstate';

/** What the toolbar item needs. */
export interface IToolbarItemOptions {
  /** The notebook. */
  panel: NotebookPanel;
  /** What is known of environments. */
  model: IEnvManagerModel;
  /** Opens the menu below an element. */
  onMenu: (anchor: HTMLElement) => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** The item of a notebook's toolbar that shows its environment, and opens a menu. */
export class NotebookToolbarItem extends ReactWidget {
  /** Show the environment of this notebook. */
  constructor(private readonly _options: IToolbarItemOptions) {
    super();
    this.addClass('jp-EnvManager-notebookItem');
    const { model, panel } = _options;
    model.stateChanged.connect(this._follow, this);
    panel.sessionContext.kernelChanged.connect(this._follow, this);
    panel.sessionContext.sessionChanged.connect(this._follow, this);
    panel.sessionContext.statusChanged.connect(this._follow, this);
    this._state = this._read();
  }

  /** Stop following. */
  dispose(): void {
    if (!this.isDisposed) {
      const { model, panel } = this._options;
      model.stateChanged.disconnect(this._follow, this);
      panel.sessionContext.kernelChanged.disconnect(this._follow, this);
      panel.sessionContext.sessionChanged.disconnect(this._follow, this);
      panel.sessionContext.statusChanged.disconnect(this._follow, this);
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    const { onMenu, trans } = this._options;
    return <ItemButton state={this._state} onMenu={onMenu} trans={trans} />;
  }

  private _read(): INotebookState {
    const { model, panel, trans } = this._options;
    const { sessionContext } = panel;
    const { kernelDisplayName } = sessionContext;
    return notebookState(
      kernelName(sessionContext),
      kernelDisplayName,
      model,
      trans
    );
  }

  private _follow(): void {
    const old = this._state;
    this._state = this._read();
    if (JSON.stringify(old) === JSON.stringify(this._state)) {
      return;
    }
    this.update();
    if (old.name !== this._state.name || old.detail !== this._state.detail) {
      void this.renderPromise?.then(() => this._refit());
    }
  }

  /** The toolbar moves what does not fit into its menu only when its own size changes: let it look again. */
  private _refit(): void {
    const { toolbar, isDisposed } = this._options.panel;
    if (!isDisposed && toolbar.isVisible) {
      const { offsetWidth, offsetHeight } = toolbar.node;
      MessageLoop.sendMessage(
        toolbar,
        new Widget.ResizeMessage(offsetWidth, offsetHeight)
      );
    }
  }

  private _state: INotebookState;
}

/** What the button needs. */
interface IItemButtonProps {
  state: INotebookState;
  onMenu: (anchor: HTMLElement) => void;
  trans: TranslationBundle;
}

function ItemButton({ state, onMenu, trans }: IItemButtonProps): JSX.Element {
  const { kind, name, detail, gpu, title } = state;
  return (
    <button
      type="button"
      className={classes('jp-EnvManager-notebookButton', `jp-mod-${kind}`)}
      aria-haspopup="menu"
      aria-label={trans.__('Environment of this notebook: %1', title)}
      data-environment={state.environment?.name}
      title={title}
      onClick={event => onMenu(event.currentTarget)}
    >
      <environmentIcon.react
        tag="span"
        className="jp-EnvManager-notebookIcon"
        elementPosition="center"
        width="16px"
        height="16px"
      />
      <span className="jp-EnvManager-notebookName">{name}</span>
      {detail && (
        <span className="jp-EnvManager-notebookDetail">{`· ${detail}`}</span>
      )}
      {gpu && (
        <span className="jp-EnvManager-notebookGpu">{trans.__('GPU')}</span>
      )}
      <caretDownIcon.react
        tag="span"
        elementPosition="center"
        width="12px"
        height="12px"
      />
    </button>
  );
}
