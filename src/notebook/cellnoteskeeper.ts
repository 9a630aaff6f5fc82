import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContextDialogs } from '@jupyterlab/apputils';
import type { Cell, CodeCell } from '@jupyterlab/cells';
import {
  type INotebookTracker,
  type Notebook,
  NotebookActions,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import { installItem } from '../plan/pending';
import type { IEnvManagerModel } from '../tokens';
import { hasInstallLine, missingInOutputs } from './cellnotesparse';
import type { CellNote } from './cellnoteswidget';
import type { IFlowOptions } from './installflow';
import { rewriteKernel } from './rewriting';
import { changeKernel } from './switching';

/** Look for modules anew: what was installed after the kernel has looked into a folder is not seen otherwise. */
const LOOK_ANEW = "__import__('importlib').invalidate_caches()";

/** What the notes need. */
export interface ICellNotesOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** The notebooks that are open. */
  tracker: INotebookTracker;
  /** Asks for a kernel where a cell is to run without one. */
  dialogs: ISessionContextDialogs | null;
  /** Translates what Jupyter says. */
  translator: ITranslator;
  /** Translates. */
  trans: TranslationBundle;
}

/** A cell of a notebook. */
interface IPlace {
  notebook: Notebook;
  cell: Cell;
}

/** The notes below cells, one for a cell at most. */
export class CellNotes {
  /** Nothing is shown before one of the handlers is called. */
  constructor(private readonly _options: ICellNotesOptions) {}

  /** Whether notes are wanted. */
  enabled = true;

  /** A cell is about to run: what was said of its last run is over. */
  onScheduled(_: unknown, { notebook, cell }: IPlace): void {
    if (!this._rerunning.has(cell)) {
      this._clear(cell);
    }
    const source = cell.model.sharedModel.getSource();
    if (
      this.enabled &&
      cell.model.type === 'code' &&
      !this._dismissed.has(cell.model.id) &&
      hasInstallLine(source)
    ) {
      void this._hint(notebook, cell, source).catch(reason =>
        console.warn(reason)
      );
    }
  }

  /** A cell has run. */
  onExecuted(_: unknown, { notebook, cell }: IPlace): void {
    if (cell.model.type !== 'code' || cell.isDisposed) {
      return;
    }
    const module = missingInOutputs((cell as CodeCell).model.outputs.toJSON());
    const note = this._notes.get(cell);
    if (this._rerunning.delete(cell)) {
      if (module && note?.flow.module === module) {
        note.flow.needsRestart();
        return;
      }
      this._clear(cell);
    }
    if (module !== this._restarted.get(cell)) {
      this._restarted.delete(cell);
    }
    if (this.enabled && module && !note?.flow.isUnderWay) {
      void this._offer(notebook, cell, module).catch(reason =>
        console.warn(reason)
      );
    }
  }

  /** The output of a cell is gone, and what was said of it with it. */
  onCleared(_: unknown, { cell }: IPlace): void {
    this._clear(cell);
  }

  /** Say which module is missing. */
  private async _offer(
    notebook: Notebook,
    cell: Cell,
    module: string
  ): Promise<void> {
    const panel = this._panel(notebook);
    const kernel = kernelName(panel);
    if (!panel || !kernel) {
      return;
    }
    await this._show(panel, cell, {
      kernel,
      module,
      path: panel.context.localPath,
      restarted: this._restarted.get(cell) === module,
      run: restart => {
        if (restart) {
          this._restarted.set(cell, module);
        }
        return this._run(panel, cell, restart);
      },
      register: async () => {
        if (await this._register(panel, kernel)) {
          await this._runCell(panel, cell);
        }
      }
    });
  }

  /** Say that what the cell installs would not reach its kernel. */
  private async _hint(
    notebook: Notebook,
    cell: Cell,
    source: string
  ): Promise<void> {
    const panel = this._panel(notebook);
    const kernel = kernelName(panel);
    if (!panel || !kernel || !isPython(notebook)) {
      return;
    }
    const run = this._runs.get(cell) ?? 0;
    const { reason, specs, pypi } = await this._options.model.installHint({
      kernel,
      source
    });
    // The cell may have run again meanwhile, and its own error has more to say.
    if (
      reason &&
      (this._runs.get(cell) ?? 0) === run &&
      !this._notes.has(cell)
    ) {
      await this._show(panel, cell, {
        kernel,
        lead: reason,
        items: [
          ...specs.map(spec => installItem(spec)),
          ...pypi.map(spec => installItem(spec, true))
        ],
        run: restart =>
          restart ? panel.sessionContext.restartKernel() : Promise.resolve(),
        register: async () => {
          if (await this._register(panel, kernel)) {
            this._clear(cell);
          }
        }
      });
    }
  }

  private async _show(
    panel: NotebookPanel,
    cell: Cell,
    flowOptions: Omit<IFlowOptions, 'model'>
  ): Promise<void> {
    const { app, model, trans } = this._options;
    const run = this._runs.get(cell) ?? 0;
    const [{ CellNote, placeBelow }, { InstallFlow }] = await Promise.all([
      import('./cellnoteswidget'),
      import('./installflow')
    ]);
    if (cell.isDisposed || (this._runs.get(cell) ?? 0) !== run) {
      return;
    }
    this._notes.get(cell)?.dispose();
    const flow = new InstallFlow({ ...flowOptions, model });
    const note = new CellNote({
      flow,
      model,
      commands: app.commands,
      path: panel.context.path,
      onDismiss: () => {
        if (flow.lead) {
          this._dismissed.add(cell.model.id);
        }
        this._clear(cell);
        panel.content.activate();
      },
      trans
    });
    this._notes.set(cell, note);
    note.disposed.connect(() => {
      if (this._notes.get(cell) === note) {
        this._notes.delete(cell);
      }
    });
    // In another kernel the cell may lack nothing.
    panel.sessionContext.kernelChanged.connect(() => {
      if (kernelName(panel) !== flowOptions.kernel) {
        note.dispose();
      }
    }, note);
    placeBelow(cell, note);
    await flow.start();
  }

  /** Run a cell again that has what it lacked. */
  private async _run(
    panel: NotebookPanel,
    cell: Cell,
    restart: boolean
  ): Promise<void> {
    const { sessionContext } = panel;
    if (cell.isDisposed || panel.isDisposed) {
      return;
    }
    if (restart) {
      await sessionContext.restartKernel();
    } else {
      await sessionContext.session?.kernel?.requestExecute({
        code: LOOK_ANEW,
        silent: true,
        store_history: false
      }).done;
      this._rerunning.add(cell);
    }
    await this._runCell(panel, cell);
  }

  /** Write a kernel anew for its environment, and start it from what was written. */
  private async _register(
    panel: NotebookPanel,
    kernel: string
  ): Promise<boolean> {
    const { app, model, trans } = this._options;
    if (!(await rewriteKernel(model, kernel, trans))) {
      return false;
    }
    const { kernelspecs } = app.serviceManager;
    await changeKernel(kernelspecs, panel.sessionContext, kernel);
    await panel.sessionContext.session?.kernel?.info;
    return true;
  }

  private async _runCell(panel: NotebookPanel, cell: Cell): Promise<void> {
    const { dialogs, translator } = this._options;
    await NotebookActions.runCells(
      panel.content,
      [cell],
      panel.sessionContext,
      dialogs ?? undefined,
      translator
    );
  }

  private _clear(cell: Cell): void {
    this._runs.set(cell, (this._runs.get(cell) ?? 0) + 1);
    this._notes.get(cell)?.dispose();
  }

  private _panel(notebook: Notebook): NotebookPanel | undefined {
    return this._options.tracker.find(({ content }) => content === notebook);
  }

  private readonly _notes = new WeakMap<Cell, CellNote>();
  /** Counts the runs of a cell: an answer about an older one comes too late. */
  private readonly _runs = new WeakMap<Cell, number>();
  /** The module that a cell still lacked after a restart. */
  private readonly _restarted = new WeakMap<Cell, string>();
  private readonly _rerunning = new WeakSet<Cell>();
  private readonly _dismissed = new Set<string>();
}

function kernelName(panel: NotebookPanel | undefined): string {
  return panel?.sessionContext.session?.kernel?.name ?? '';
}

function isPython({ model }: Notebook): boolean {
  const language = model?.defaultKernelLanguage ?? '';
  return language === '' || /^i?python/i.test(language);
}
