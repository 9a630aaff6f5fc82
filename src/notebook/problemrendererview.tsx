import {
  type ISessionContextDialogs,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import {
  type INotebookTracker,
  NotebookActions,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import React from 'react';

import type { Problem } from '../_models';
import { toProblem } from '../api';
import { installItem } from '../plan/pending';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { Note, TextButton } from '../widgets/components';
import { InstallFlow } from './installflow';
import { InstallFlowView } from './installflowview';
import { watchInstalls } from './installflowwatch';
import { rewriteKernel } from './rewriting';

/** A kernel that lacks its launcher and does not say which: it is Python's. */
const LAUNCHER = 'ipykernel';

/** What a kernel that cannot start says of itself; what is no text is empty. */
export interface IKernelProblem {
  /** What kind of problem. */
  code: string;
  /** What happened. */
  message: string;
  /** What to do. */
  hint: string;
  /** The folder of the environment. */
  prefix: string;
  /** The name of the kernel. */
  kernel: string;
  /** What repairs it: `register`, `install`, `create`, `remove` or `choose`. */
  remedy: string;
  /** What the process printed that did not start. */
  output: string;
}

/** What the output needs. */
export interface IProblemOutputOptions {
  /** What the kernel said. */
  problem: IKernelProblem;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** Open pages. */
  commands: CommandRegistry;
  /** The notebooks that are open. */
  tracker: INotebookTracker | null;
  /** Lets the user choose a kernel. */
  dialogs: ISessionContextDialogs | null;
  /** Translates what Jupyter says. */
  translator: ITranslator;
  /** Translates. */
  trans: TranslationBundle;
}

/** What a kernel said of itself. Anybody may have written it: only texts are taken from it. */
export function readProblem(
  data: ReadonlyPartialJSONValue | undefined
): IKernelProblem {
  const given = (
    typeof data === 'object' && data !== null ? data : {}
  ) as Record<string, unknown>;
  const text = (name: keyof IKernelProblem) => {
    const value = given[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    code: text('code'),
    message: text('message'),
    hint: text('hint'),
    prefix: text('prefix'),
    kernel: text('kernel'),
    remedy: text('remedy'),
    output: text('output')
  };
}

/** Why a kernel does not start, and the button that repairs it. */
export class ProblemOutput extends ReactWidget {
  /** Show a problem. */
  constructor(private readonly _options: IProblemOutputOptions) {
    super();
    // Enter and Space are for its buttons, not for the notebook.
    this.node.dataset['lmSuppressShortcuts'] = 'true';
    _options.model.stateChanged.connect(this.update, this);
    this._unwatch = watchInstalls(
      environment =>
        this.isVisible && (this._flow?.worksOn(environment) ?? false)
    );
  }

  /** Clean up. */
  dispose(): void {
    if (!this.isDisposed) {
      this._unwatch();
      this._flow?.dispose();
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    const { model, problem, trans } = this._options;
    const flow = this._flow;
    const job = flow?.job;
    return (
      <>
        <Note
          problem={{
            ...problem,
            message: said(problem, trans),
            field: null,
            details: { log: problem.output }
          }}
          kind="warning"
          trans={trans}
        >
          {this._buttons()}
        </Note>
        {this._failure && <Note problem={this._failure} trans={trans} />}
        {flow && (
          <InstallFlowView
            flow={flow}
            speed={job ? model.speed(job.id) : null}
            onCreate={() => this._create()}
            onSearch={() => this._open()}
            trans={trans}
          />
        )}
      </>
    );
  }

  /** The ways out. A saved output may be of a kernel that the notebook no longer has: there are none then. */
  private _buttons(): JSX.Element | null {
    const { problem, trans } = this._options;
    const panel = this._panel();
    if (!panel) {
      return null;
    }
    const own = panel.sessionContext.session?.kernel?.name === problem.kernel;
    return (
      <>
        {own && this._remedy()}
        <TextButton
          disabled={this._busy}
          onClick={() => void this._work(() => this._choose(panel))}
        >
          {trans.__('Choose another environment')}
        </TextButton>
      </>
    );
  }

  private _remedy(): JSX.Element | null {
    const { problem, commands, trans } = this._options;
    const { kernel } = problem;
    const button = (text: string, onClick: () => void) => (
      <TextButton primary disabled={this._busy} onClick={onClick}>
        {text}
      </TextButton>
    );
    switch (problem.remedy) {
      case 'register':
        return button(
          trans.__('Register again'),
          () => void this._work(() => this._register())
        );
      case 'install':
        return this._flow
          ? null
          : button(
              trans.__('Install what is missing'),
              () => void this._work(() => this._install())
            );
      case 'create':
        return button(trans.__('New environment for this notebook…'), () =>
          this._create()
        );
      case 'remove':
        return button(
          trans.__('Remove this kernel…'),
          () => void commands.execute(CommandIDs.removeKernel, { kernel })
        );
      default:
        return null;
    }
  }

  private async _register(): Promise<void> {
    const { model, problem, trans } = this._options;
    if (await rewriteKernel(model, problem.kernel, trans)) {
      await this._runAgain();
    }
  }

  private async _install(): Promise<void> {
    const { model, problem } = this._options;
    await model.refresh('kernels', 'environments');
    const known = model
      .kernel(problem.kernel)
      ?.problems.find(({ remedy }) => remedy === 'install');
    const packages = known?.packages.length ? known.packages : [LAUNCHER];
    const flow = new InstallFlow({
      model,
      kernel: problem.kernel,
      lead: said(problem, this._options.trans),
      items: packages.map(spec => installItem(spec)),
      // What explains itself is no real kernel: there is nothing in it.
      idle: true,
      run: () => this._work(() => this._runAgain())
    });
    flow.changed.connect(() => this.update());
    this._flow = flow;
    await flow.start();
    if (flow.step === 'offer') {
      await flow.preview();
    }
  }

  /**
   * Start the kernel from its kernelspec as it is now, and run the cell; this output goes with that.
   *
   * A restart would use the kernelspec that was read before.
   */
  private async _runAgain(): Promise<void> {
    const { dialogs, problem, translator } = this._options;
    const panel = this._panel();
    const cell = panel?.content.widgets.find(({ node }) =>
      node.contains(this.node)
    );
    if (!panel || !cell) {
      return;
    }
    const { sessionContext } = panel;
    await sessionContext.changeKernel({ name: problem.kernel });
    // A cell that is run before its kernel is connected is dropped.
    await sessionContext.session?.kernel?.info;
    await NotebookActions.runCells(
      panel.content,
      [cell],
      sessionContext,
      dialogs ?? undefined,
      translator
    );
  }

  private async _choose(panel: NotebookPanel): Promise<void> {
    const { commands, dialogs, translator } = this._options;
    if (commands.hasCommand(CommandIDs.switchNotebook)) {
      const { path } = panel.context;
      await commands.execute(CommandIDs.switchNotebook, { path });
      return;
    }
    await (dialogs ?? new SessionContextDialogs({ translator })).selectKernel(
      panel.sessionContext
    );
  }

  private _create(): void {
    const path = this._panel()?.context.path ?? '';
    void this._options.commands.execute(CommandIDs.createForNotebook, { path });
  }

  private _open(): void {
    const { commands, model, problem } = this._options;
    const environment = model.kernel(problem.kernel)?.environment;
    if (environment) {
      void commands.execute(CommandIDs.openEnvironment, { environment });
    }
  }

  private _panel(): NotebookPanel | undefined {
    return this._options.tracker?.find(({ node }) => node.contains(this.node));
  }

  private async _work(work: () => Promise<void>): Promise<void> {
    this._failure = null;
    this._busy = true;
    this.update();
    try {
      await work();
    } catch (error) {
      this._failure = toProblem(error);
    }
    this._busy = false;
    // A cell that runs again takes its old output with it.
    if (!this.isDisposed) {
      this.update();
    }
  }

  private readonly _unwatch: () => void;
  private _busy = false;
  private _failure: Problem | null = null;
  private _flow: InstallFlow | null = null;
}

function said({ message }: IKernelProblem, trans: TranslationBundle): string {
  return message || trans.__('The kernel does not start.');
}
