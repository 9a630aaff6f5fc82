import type { Cell } from '@jupyterlab/cells';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { PanelLayout } from '@lumino/widgets';
import React from 'react';

import { CommandIDs, type IEnvManagerModel } from '../tokens';
import type { InstallFlow } from './installflow';
import { InstallFlowView } from './installflowview';
import { watchInstalls } from './installflowwatch';

/** What a note needs. */
export interface ICellNoteOptions {
  /** What the note is about. */
  flow: InstallFlow;
  /** Says how fast a job downloads. */
  model: IEnvManagerModel;
  /** Open pages. */
  commands: CommandRegistry;
  /** The path of the notebook. */
  path: string;
  /** Called when the user wants to see it no more; without it, they cannot say so. */
  onDismiss?: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/** An install below a cell. Nothing of it is in the notebook's file. */
export class CellNote extends ReactWidget {
  /** Show a flow, which is disposed with the note. */
  constructor(private readonly _options: ICellNoteOptions) {
    super();
    this.addClass('jp-EnvManager-cellNote');
    // Enter and Space are for the note's buttons, not for the notebook that would edit or run the cell.
    this.node.dataset['lmSuppressShortcuts'] = 'true';
    _options.flow.changed.connect(() => this.update());
    this._unwatch = watchInstalls(
      environment => this.isVisible && _options.flow.worksOn(environment)
    );
  }

  /** What the note is about. */
  get flow(): InstallFlow {
    return this._options.flow;
  }

  /** Clean up. */
  dispose(): void {
    if (!this.isDisposed) {
      this._unwatch();
      this.flow.dispose();
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    const { flow, model, commands, path, onDismiss, trans } = this._options;
    const { environment, job } = flow;
    const whose = { environment: environment?.id ?? '' };
    const canClone =
      environment !== undefined && commands.isEnabled(CommandIDs.clone, whose);
    return (
      <InstallFlowView
        flow={flow}
        speed={job ? model.speed(job.id) : null}
        onCreate={() =>
          void commands.execute(CommandIDs.createForNotebook, { path })
        }
        onClone={
          canClone
            ? () => void commands.execute(CommandIDs.clone, whose)
            : undefined
        }
        onSearch={() =>
          void commands.execute(CommandIDs.openEnvironment, {
            ...whose,
            tab: 'packages',
            search: flow.module.split('.')[0]
          })
        }
        onDismiss={onDismiss}
        trans={trans}
      />
    );
  }

  private readonly _unwatch: () => void;
}

/** Put a note below the output of a cell. */
export function placeBelow(cell: Cell, note: CellNote): void {
  const layout = cell.layout as PanelLayout;
  // The last one is the footer.
  layout.insertWidget(Math.max(0, layout.widgets.length - 1), note);
}
