import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ITranslator } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';

import { IEnvManagerModel } from '../tokens';
import type { IProblemOutputOptions } from './problemrendererview';
import { PROBLEM_TYPE } from './problemtype';

const DOMAIN = 'jupyter_envmanager';

/** Before HTML, which the kernel sends for applications that do not have this extension. */
const RANK = 40;

type Context = Omit<IProblemOutputOptions, 'problem'>;

/** Shows what a kernel that cannot start says of itself, with the button that repairs it. */
export const problemRendererPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-envmanager:problem-renderer',
  description:
    'Shows in a notebook why its kernel does not start, with the button that repairs it.',
  autoStart: true,
  requires: [IEnvManagerModel, IRenderMimeRegistry, ITranslator],
  optional: [INotebookTracker, ISessionContextDialogs],
  activate: (
    app: JupyterFrontEnd,
    model: IEnvManagerModel,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator,
    tracker: INotebookTracker | null,
    dialogs: ISessionContextDialogs | null
  ) => {
    const context: Context = {
      model,
      commands: app.commands,
      tracker,
      dialogs,
      translator,
      trans: translator.load(DOMAIN)
    };
    rendermime.addFactory(
      {
        // All of it is shown as text, also in a notebook that is not trusted.
        safe: true,
        mimeTypes: [PROBLEM_TYPE],
        createRenderer: () => new ProblemRenderer(context)
      },
      RANK
    );
  }
};

/** An output that says why a kernel does not start; what shows it is loaded when there is one. */
export class ProblemRenderer extends Panel implements IRenderMime.IRenderer {
  /** Nothing is shown before a model is given. */
  constructor(private readonly _context: Context) {
    super();
    this.addClass('jp-EnvManager-kernelProblem');
  }

  /** Show what the kernel said. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const { ProblemOutput, readProblem } =
      await import('./problemrendererview');
    if (this.isDisposed) {
      return;
    }
    const problem = readProblem(model.data[PROBLEM_TYPE]);
    this.widgets.slice().forEach(widget => widget.dispose());
    this.addWidget(new ProblemOutput({ ...this._context, problem }));
  }
}
