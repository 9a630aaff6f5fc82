import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';
import React from 'react';

import type { GpuRemedy, Job, Problem, Status } from '../_models';
import { toProblem } from '../api';
import { parseTyped } from '../gpu/gputyped';
import { JobLog } from '../jobs/joblog';
import { JobView } from '../jobs/jobview';
import { NoJob } from '../jobs/nojob';
import { type IWaitingNotebook, waitFor, waitingFor } from '../jobs/waiting';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { pickFolder } from '../widgets/folderpicker';
import { Answered, type Goal, moveFocus } from './answered';
import { CreateFoot } from './createfoot';
import { CreateForm } from './createform';
import { FormButtons, FormHead } from './createparts';
import { Creation } from './creation';
import { FileDesk, type IFileServices } from './filedesk';
import type { IFormValues } from './formvalues';
import { PythonVersions } from './pythons';

const TYPING = 600;

/** What the page needs. */
export interface IPageOptions {
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** The commands it offers. */
  commands: CommandRegistry;
  /** What finds and edits files. */
  files: IFileServices;
  /** Translates. */
  trans: TranslationBundle;
  /** What the form holds at first. */
  values?: Partial<IFormValues>;
  /** The job to show instead of the form. */
  job?: string | null;
}

/** The page of a new environment: the form and its plan, then the job that came of it. */
export class CreatePage extends ReactWidget {
  /** Start with the form, or with a job. */
  constructor(private readonly _options: IPageOptions) {
    super();
    const { model, trans, values, job } = _options;
    this.addClass('jp-EnvManager-page');
    this.node.tabIndex = -1;
    this.creation = new Creation(model, trans, values, job ?? null);
    this._desk = new FileDesk(this.creation, model, _options.files, trans);
    this._drops = this._desk.acceptDrops(this.node);
    this._pythons = new PythonVersions(model, () => this.update());
    this._log = new JobLog(
      model,
      () => this.job,
      () => this.isVisible,
      () => this.update()
    );
    this.creation.changed.connect(this._onChanged, this);
    model.stateChanged.connect(this._onModel, this);
    _options.commands.commandExecuted.connect(this._onCommand, this);
    void this._load();
  }

  /** What is being made. */
  readonly creation: Creation;

  /** The notebook that will run in the environment; null where there is none, or without a kernel. */
  get notebook(): IWaitingNotebook | null {
    const { job, values } = this.creation;
    const notebook = this._notebook?.isOpen ? this._notebook : null;
    return values.kernel ? (notebook ?? waitingFor(job ?? '')) : null;
  }

  set notebook(value: IWaitingNotebook | null) {
    this._notebook = value;
    this._onChanged();
  }

  /** Emitted when the form or the job has changed; the layout is saved then. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The job shown; undefined while the form is. */
  get job(): Job | undefined {
    const id = this.creation.job;
    return id === null ? undefined : (this._options.model.job(id) ?? this._job);
  }

  /** Clean up. */
  dispose(): void {
    if (!this.isDisposed) {
      const { model, commands } = this._options;
      model.stateChanged.disconnect(this._onModel, this);
      commands.commandExecuted.disconnect(this._onCommand, this);
      this._pythons.dispose();
      this._drops.dispose();
      this.creation.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this._log.read();
    this._pythons.retry();
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this._pythons.retry();
    void (this.renderPromise ?? Promise.resolve()).then(() => {
      const { node } = this;
      const { activeElement } = document;
      if (activeElement === node || !node.contains(activeElement)) {
        const field = node.querySelector<HTMLElement>(
          '.jp-EnvManager-field input'
        );
        (field ?? node).focus();
      }
    });
  }

  protected render(): JSX.Element {
    const { job } = this.creation;
    return (
      <>
        {job === null ? this._renderForm() : this._renderJob(job)}
        <Answered count={this._answers} onAnswer={this._moveFocus} />
      </>
    );
  }

  private _renderForm(): JSX.Element {
    const { creation } = this;
    const { model, trans } = this._options;
    const status = model.get('status');
    return (
      <>
        <div className="jp-EnvManager-scroll">
          <FormHead
            notebook={this.notebook}
            status={status}
            onRetry={() => void this._load()}
            trans={trans}
          />
          <form
            aria-label={trans.__('New environment')}
            aria-busy={creation.busy !== null}
            onSubmit={event => event.preventDefault()}
          >
            <CreateForm
              creation={creation}
              status={status.data}
              pythons={this._pythons.series}
              pythonProblem={this._pythons.problem}
              onPythons={() => void this._pythons.read()}
              gpus={model.get('gpus')}
              onGpus={() => void model.refresh('gpus')}
              environments={model.get('environments')}
              desk={this._desk}
              search={(query, limit, signal) =>
                model.searchPackages(query, limit, signal)
              }
              folders={path => model.folders(path)}
              onBrowse={() => void this._browse()}
              trans={trans}
            />
            <FormButtons
              creation={creation}
              onPreview={() => void this._preview()}
              onCreate={() => void this._create()}
              trans={trans}
            />
          </form>
        </div>
        <CreateFoot
          creation={creation}
          onAccept={() => void this._accept()}
          onPreview={() => void this._preview()}
          onRemedy={remedy => void this._remedy(remedy)}
          onRelax={relaxed => void this._relax(relaxed)}
          onLine={line => this._desk.editor?.goTo(line)}
          trans={trans}
        />
      </>
    );
  }

  private _renderJob(id: string): JSX.Element {
    const { model, commands, trans } = this._options;
    const { job, creation } = this;
    if (!job) {
      return (
        <NoJob
          problem={this._jobProblem}
          onNew={() => creation.editAgain()}
          trans={trans}
        />
      );
    }
    return (
      <div className="jp-EnvManager-scroll">
        <JobView
          key={id}
          job={job}
          events={this._log.events}
          speed={model.speed(id)}
          notebook={this.notebook}
          onCancel={() =>
            void commands.execute(CommandIDs.cancelJob, { job: id })
          }
          onOpenNotebook={kernel =>
            void commands.execute(CommandIDs.openNotebook, { kernel })
          }
          onEdit={
            creation.canEdit ? () => creation.editAgain(job.error) : undefined
          }
          onNew={() =>
            void commands.execute(CommandIDs.create, { fresh: true })
          }
          commands={commands}
          trans={trans}
        />
      </div>
    );
  }

  private async _browse(): Promise<void> {
    const { model, trans } = this._options;
    const folder = await pickFolder({
      path: '',
      list: path => model.folders(path),
      trans
    });
    if (folder !== null) {
      this.creation.edit({ prefix: folder });
    }
  }

  /** Read what the page needs once. */
  private async _load(): Promise<void> {
    const { model } = this._options;
    if (this.creation.job !== null) {
      await this._readJob(this.creation.job);
      return;
    }
    void model.refresh('gpus');
    await model.refresh('status');
    await this._pythons.read();
  }

  private async _preview(): Promise<void> {
    await this._answer(() => this.creation.preview());
    if (this.creation.plan) {
      this._pythons.retry();
    }
  }

  private _accept(): Promise<void> {
    return this._answer(() => this.creation.accept());
  }

  private _remedy(remedy: GpuRemedy): Promise<void> {
    return this._answer(
      () => this.creation.remedy(remedy),
      parseTyped(remedy.gpu) ? 'cuda' : 'plan'
    );
  }

  private _relax(relaxed: Record<string, string>): Promise<void> {
    return this._answer(() => this.creation.relax(relaxed), 'plan');
  }

  private _create(): Promise<void> {
    return this._answer(() => this.creation.create());
  }

  /** Do something, then lead the focus to what comes next. */
  private async _answer(
    work: () => Promise<void>,
    goal: Goal = 'button'
  ): Promise<void> {
    this._focused = document.activeElement;
    await work();
    this._goal = goal;
    this._answers += 1;
    this.update();
  }

  private _moveFocus = (): void => {
    if (this.isVisible) {
      moveFocus(this.node, this.creation, this._focused, this._goal);
    }
  };

  private _onCommand(
    _: CommandRegistry,
    { id, result }: CommandRegistry.ICommandExecutedArgs
  ): void {
    if (id === CommandIDs.refresh) {
      const retry = () => this._pythons.retry();
      result.then(retry, retry);
    }
  }

  private async _readJob(id: string): Promise<void> {
    const { model } = this._options;
    if (!model.get('jobs').data) {
      await model.refresh('jobs');
    }
    if (!model.job(id)) {
      try {
        this._job = await model.fetchJob(id);
      } catch (error) {
        this._jobProblem = toProblem(error);
      }
    }
    this._log.invalidate();
    void this._log.read();
  }

  private _onChanged(): void {
    const { job } = this.creation;
    if (job !== null && this._notebook) {
      waitFor(job, this._notebook);
    }
    if (job !== this._shown) {
      this._shown = job;
      this._log.clear();
      void this._load();
    }
    const { channels } = this.creation.values;
    if (channels !== this._channels) {
      this._channels = channels;
      this._pythons.retry(TYPING);
    }
    this.update();
    this._changed.emit();
  }

  private _onModel(): void {
    const { data } = this._options.model.get('status');
    if (data !== this._status) {
      this._status = data;
      this._pythons.retry();
    }
    this.update();
    void this._log.read();
  }

  private readonly _desk: FileDesk;
  private readonly _drops: IDisposable;
  private readonly _pythons: PythonVersions;
  private _channels: string[] | null = null;
  private _status: Status | null = null;
  private _answers = 0;
  private _focused: Element | null = null;
  private _goal: Goal = 'button';
  private _job: Job | undefined;
  private _notebook: IWaitingNotebook | null = null;
  private _jobProblem: Problem | null = null;
  private readonly _log: JobLog;
  private _shown: string | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
