import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { ServiceManager } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { type ISignal, Signal } from '@lumino/signaling';
import React from 'react';

import type { Environment, Job } from '../_models';
import { GpuProof } from '../gpu/gpuproof';
import { JobLog } from '../jobs/joblog';
import { isActive } from '../jobs/jobstate';
import { StaleKernels } from '../kernels/stalekernels';
import type { IPendingItem } from '../plan/pending';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { Alteration } from './alteration';
import { Contents } from './contents';
import { EnvironmentVerbs } from './environmentverbs';
import { EnvironmentView, type PageTab } from './environmentview';
import { PackageSearch } from './packagesearch';

/** What the page needs. */
export interface IEnvironmentPageOptions {
  /** The id of the environment. */
  environment: string;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** The commands it offers. */
  commands: CommandRegistry;
  /** Jupyter's kernels and sessions. */
  services: Pick<ServiceManager.IManager, 'kernels' | 'sessions'>;
  /** Opens files; null where the application has none. */
  documents: IDocumentManager | null;
  /** Translates. */
  trans: TranslationBundle;
  /** What was asked for before a reload. */
  items?: IPendingItem[];
}

/** The page of an environment: its packages, kernels and history, and at the foot what is to change. */
export class EnvironmentPage extends ReactWidget {
  /** Show an environment. */
  constructor(private readonly _options: IEnvironmentPageOptions) {
    super();
    const { environment, model, commands, services, items } = _options;
    this.addClass('jp-EnvManager-page');
    this.addClass('jp-EnvManager-environmentPage');
    this.node.tabIndex = -1;
    const inside = model.inside(environment);
    this.contents = new Contents(inside);
    this.alteration = new Alteration(inside, items ?? []);
    this.search = new PackageSearch(inside);
    this.stale = new StaleKernels(services);
    this.proof = new GpuProof(inside, () =>
      Promise.all([this.contents.read('gpu'), model.refresh('environments')])
    );
    this.log = new JobLog(
      model,
      () => this.job,
      () => this.isVisible,
      () => this.update()
    );
    this._verbs = new EnvironmentVerbs(this, inside, _options);
    const parts = [this.contents, this.search, this.stale, this.proof];
    parts.forEach(part => part.changed.connect(() => this.update()));
    this.alteration.changed.connect(this._onAlteration, this);
    model.stateChanged.connect(this._onModel, this);
    model.jobFinished.connect(this._onJob, this);
    commands.commandExecuted.connect(this._onCommand, this);
  }

  /** What is inside. */
  readonly contents: Contents;
  /** What is to change. */
  readonly alteration: Alteration;
  /** The search for packages. */
  readonly search: PackageSearch;
  /** The kernels to restart. */
  readonly stale: StaleKernels;
  /** The check of the GPU. */
  readonly proof: GpuProof;
  /** The log of the job shown. */
  readonly log: JobLog;

  /** Emitted when tab or pending changes have changed; the layout is saved then. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The environment's id. */
  get environmentId(): string {
    return this._options.environment;
  }

  /** The environment; undefined while it is not known, and when it is gone. */
  get environment(): Environment | undefined {
    const { model, environment } = this._options;
    return model.environment(environment);
  }

  /** The tab shown. */
  get tab(): PageTab {
    return this._tab;
  }

  set tab(tab: PageTab) {
    if (tab !== this._tab) {
      this._tab = tab;
      this._readGpu(true);
      this._readSharing();
      this.update();
      this._changed.emit();
    }
  }

  /** The job shown: the one that works on the environment, or the last that came of the page. */
  get job(): Job | undefined {
    const { model } = this._options;
    const own = model.job(this.alteration.job ?? '');
    return own && isActive(own)
      ? own
      : (model.job(this.environment?.job ?? '') ?? own);
  }

  /** Clean up. */
  dispose(): void {
    if (!this.isDisposed) {
      const { model, commands } = this._options;
      model.stateChanged.disconnect(this._onModel, this);
      model.jobFinished.disconnect(this._onJob, this);
      commands.commandExecuted.disconnect(this._onCommand, this);
      this.contents.dispose();
      this.alteration.dispose();
      this.search.dispose();
      this.stale.dispose();
      this.proof.dispose();
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._onSeen();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._onSeen();
  }

  protected onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    void (this.renderPromise ?? Promise.resolve()).then(() => {
      const { node } = this;
      const { activeElement } = document;
      if (activeElement === node || !node.contains(activeElement)) {
        const box = node.querySelector<HTMLElement>('.jp-EnvManager-search');
        (box ?? node).focus();
      }
    });
  }

  protected render(): JSX.Element {
    const { model, commands, trans } = this._options;
    return (
      <EnvironmentView
        page={this}
        verbs={this._verbs}
        model={model}
        commands={commands}
        trans={trans}
      />
    );
  }

  private _onSeen(): void {
    if (this.isVisible) {
      void this.log.read();
      void this._read();
      this._readGpu(true);
      this._readSharing();
    }
  }

  /** Read what may have changed outside Jupyter while nobody looked. */
  private async _read(): Promise<void> {
    const { model } = this._options;
    const first = this._modified === undefined;
    this._modified = this.environment?.modified ?? null;
    if (!model.get('environments').data) {
      void model.refresh();
    }
    await this.contents.read('packages', 'history');
    // Asks the channels: once, and after each change.
    if (first && !this.isDisposed) {
      await this.contents.read('updates');
    }
  }

  /** Read again after a change. */
  private async _readAll(): Promise<void> {
    this.contents.forgetHealth();
    this._readGpu(true);
    this._readSharing();
    await this.contents.read('packages', 'history');
    await this.contents.read('updates');
  }

  /** Read about the GPU while its tab is open: when that is new, and when something about it has changed. */
  private _readGpu(anew = false): void {
    const { gpu, gpu_checked, gpu_outdated, modified } = this.environment ?? {};
    const known = [gpu, gpu_checked, gpu_outdated, modified].join();
    if (this._tab === 'gpu' && (anew || known !== this._gpu)) {
      this._gpu = known;
      void this.contents.read('gpu');
    }
  }

  /** Look at the rights of the files while their tab is open; that takes time. */
  private _readSharing(): void {
    if (this._tab === 'share') {
      void this.contents.read('sharing');
    }
  }

  private _onAlteration(): void {
    const { job, items } = this.alteration;
    if (job !== this._shown) {
      this._shown = job;
      this.log.clear();
      void this.log.read();
    }
    if (items !== this._items) {
      this._items = items;
      this._changed.emit();
    }
    this.update();
  }

  private _onModel(): void {
    const { environment } = this;
    const modified = environment?.modified ?? null;
    const known = this._modified ?? null;
    if (known !== null && modified !== null && modified !== known) {
      this._modified = modified;
      if (!this.job || !isActive(this.job)) {
        void this.contents.read('packages', 'history');
      }
    } else if (this._modified === null) {
      this._modified = modified;
    }
    this._readGpu();
    this.update();
    void this.log.read();
  }

  private _onJob(_: IEnvManagerModel, job: Job): void {
    if (job.environment !== this._options.environment) {
      return;
    }
    const succeeded = job.state === 'succeeded';
    if (this.alteration.job === null) {
      this.alteration.show(job.id);
    }
    this.alteration.finished(job.id, succeeded, job.error);
    if (succeeded && job.action !== 'remove' && job.action !== 'pack') {
      void this._readAll();
    }
    if (succeeded && (job.action === 'change' || job.action === 'rollback')) {
      void this.stale.mark(this.environment?.kernels ?? []);
    }
  }

  private _onCommand(
    _: CommandRegistry,
    { id }: CommandRegistry.ICommandExecutedArgs
  ): void {
    if (id === CommandIDs.refresh && this.isVisible) {
      void this._readAll();
    }
  }

  private _tab: PageTab = 'packages';
  private _modified: number | null | undefined;
  private _gpu = '';
  private _items: readonly IPendingItem[] | null = null;
  private _shown: string | null = null;
  private readonly _verbs: EnvironmentVerbs;
  private readonly _changed = new Signal<this, void>(this);
}
