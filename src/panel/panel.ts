import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { SidePanel } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';

import type { IEnvManagerModel } from '../tokens';
import { environmentIcon } from '../widgets/icons';

/** What the panel needs. */
export interface IPanelOptions {
  /** The state it shows. */
  model: IEnvManagerModel;
  /** The verbs it offers. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
  /** The translator, for the panel's own parts. */
  translator: ITranslator;
}

/** The Environments panel; its sections come when it is first shown, so that JupyterLab's start does not pay. */
export class EnvironmentsPanel extends SidePanel {
  /** Make an empty panel. */
  constructor(private readonly _options: IPanelOptions) {
    super({ translator: _options.translator });
    const { trans } = _options;
    this.id = 'envmanager-panel';
    this.addClass('jp-EnvManager');
    this.title.icon = environmentIcon;
    this.title.caption = trans.__('Environments');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Environments'));
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._fill();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._fill();
  }

  private _fill(): void {
    if (!this._filled && this.isVisible) {
      this._filled = true;
      void import('./sidebar').then(({ fillPanel }) =>
        fillPanel(this, this._options)
      );
    }
  }

  private _filled = false;
}
