import {
  type ISessionContextDialogs,
  SessionContextDialogs
} from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';
import React from 'react';

import type { Problem } from '../_models';
import { toProblem } from '../api';
import { Note, TextButton } from '../components';
import { installItem } from '../pending';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { InstallFlow } from './installflow';
import { InstallFlowView } from './installflowview';
import { watchInstalls } from './installflowwatch';

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

/** How far a repair is. */
type Repair = 'none' | 'busy' | 'repaired' | 'restarted';

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
        {this._repair === 'restarted' && (
          <div className="jp-EnvManager-hint" role="status">
            {trans.__('The kernel has been started anew: run the cell again.')}
          </div>
        )}
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
    if (!panel || this._repair === 'restarted') {
      return null;
    }
    const own = panel.sessionContext.session?.kernel?.name === problem.kernel;
    return (
      <>
        {own && this._remedy()}
        <TextButton
          disabled={this._repair === 'busy'}
          onClick={() => void this._work(() => this._choose(panel))}
        >
          {trans.__('Choose another kernel…')}
        </TextButton>
      </>
    );
  }

  private _remedy(): JSX.Element | null {
    const { problem, commands, trans } = this._options;
    const { kernel } = problem;
    const button = (text: string, onClick: () => void) => (
      <TextButton primary disabled={this._repair === 'busy'} onClick={onClick}>
        {text}
      </TextButton>
    );
    if (this._repair === 'repaired') {
      return button(
        trans.__('Restart kernel'),
        () => void this._work(() => this._restart(), 'restarted')
      );
    }
    switch (problem.remedy) {
      case 'register':
        return button(
          trans.__('Register again'),
          () => void this._work(() => this._register(), 'repaired')
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
    const { model, problem } = this._options;
    if (!model.kernel(problem.kernel)) {
      await model.refresh('kernels');
    }
    const kernel = model.kernel(problem.kernel);
    const force = kernel !== undefined && !kernel.stamped;
    if (force && !(await this._confirm(kernel.path))) {
      throw new Cancelled();
    }
    await model.rewriteKernel(problem.kernel, force);
  }

  /** Ask before a kernelspec is changed that we did not write. */
  private async _confirm(path: string): Promise<boolean> {
    const { trans } = this._options;
    const { Dialog, showDialog } = await import('@jupyterlab/apputils');
    const { button } = await showDialog({
      title: trans.__('Change a kernel that was made elsewhere?'),
      body: path,
      buttons: [
        Dialog.cancelButton(),
        Dialog.warnButton({ label: trans.__('Register again') })
      ]
    });
    return button.accept;
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
      run: () => this._work(() => this._restart(), 'restarted')
    });
    flow.changed.connect(() => this.update());
    this._flow = flow;
    await flow.start();
    if (flow.step === 'offer') {
      await flow.preview();
    }
  }

  /** Start the kernel from its kernelspec as it is now; a restart would use the one that was read before. */
  private async _restart(): Promise<void> {
    const name = this._options.problem.kernel;
    await this._panel()?.sessionContext.changeKernel({ name });
  }

  private async _choose(panel: NotebookPanel): Promise<void> {
    const { dialogs, translator } = this._options;
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

  private async _work(work: () => Promise<void>, then?: Repair): Promise<void> {
    const before = this._repair;
    this._failure = null;
    this._repair = 'busy';
    this.update();
    try {
      await work();
      this._repair = then ?? before;
    } catch (error) {
      this._repair = before;
      this._failure = error instanceof Cancelled ? null : toProblem(error);
    }
    this.update();
  }

  private readonly _unwatch: () => void;
  private _repair: Repair = 'none';
  private _failure: Problem | null = null;
  private _flow: InstallFlow | null = null;
}

/** The user has said no. */
class Cancelled extends Error {}

function said({ message }: IKernelProblem, trans: TranslationBundle): string {
  return message || trans.__('The kernel does not start.');
}
