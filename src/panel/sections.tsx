import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import React from 'react';

import type { Problem } from '../_models';
import { ENVIRONMENT_MENU } from '../environment/environmentmenu';
import { JobList } from '../jobs/jobs';
import { type IKernelVerbs, KernelList } from '../kernels/kernels';
import { kernelVerbs } from '../kernels/kernelverbs';
import { CommandIDs, type IEnvManagerModel, type Topic } from '../tokens';
import { Note, Placeholder, TextButton } from '../widgets/components';
import { openMenu } from '../widgets/menus';
import { EnvironmentList } from './environments';

/** What the sections need. */
export interface ISectionOptions {
  /** The state they show. */
  model: IEnvManagerModel;
  /** The verbs they offer. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

/** Room below the last row, which may be a note with a margin of its own. */
const MARGIN = 8;

/** A view of the model. */
export abstract class View extends VDomRenderer<IEnvManagerModel> {
  constructor(
    protected options: ISectionOptions,
    protected topics: Topic[]
  ) {
    super(options.model);
    this.addClass('jp-EnvManager-view');
  }

  /** Called after each change of the model. */
  updated: () => void = () => undefined;

  /** Called once a change is drawn. */
  drawn: () => void = () => undefined;

  /** The height of what it shows, in pixels; where there is room, the view itself is as high as its section. */
  get contentHeight(): number {
    const range = document.createRange();
    range.selectNodeContents(this.node);
    return Math.ceil(range.getBoundingClientRect().height) + MARGIN;
  }

  /** The view's content. */
  protected abstract content(): JSX.Element;

  protected render(): JSX.Element {
    return this.content();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._seen();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._seen();
  }

  protected onUpdateRequest(msg: Message): void {
    super.onUpdateRequest(msg);
    this.updated();
    // React draws later.
    void this.renderPromise?.then(() => this.drawn());
  }

  /** Read what it shows. */
  protected load(): void {
    void this.model.refresh(...this.topics);
  }

  /** Read when shown: things may have changed outside Jupyter. */
  private _seen(): void {
    if (this.isVisible) {
      this.load();
    }
  }

  protected run(id: string, args: ReadonlyJSONObject): void {
    void this.options.commands.execute(id, args);
  }

  /** Whether the environments above say the same already. */
  protected isEcho(problem: Problem | null): boolean {
    return problem?.code === this.model.get('environments').problem?.code;
  }

  protected retry = (): void => void this.model.refresh(...this.topics);
}

/** The environments. */
export class EnvironmentsView extends View {
  /** Show what the model says. */
  constructor(options: ISectionOptions) {
    super(options, ['status', 'environments', 'jobs']);
  }

  protected content(): JSX.Element {
    const { model } = this;
    const { trans } = this.options;
    const resource = model.get('environments');
    const status = model.get('status');
    const environments = resource.data?.environments ?? [];
    const own = environments.some(environment => !environment.protected);
    const problems = [
      ...(status.data?.problems ?? []),
      ...(resource.data?.problems ?? [])
    ];
    const placeholder = (
      <Placeholder
        resource={resource}
        onRetry={this.retry}
        trans={trans}
        loading={trans.__('Looking for environments…')}
      />
    );
    const notes = (problems.length > 0 || resource.problem) && (
      <div className="jp-EnvManager-notes">
        {resource.problem && placeholder}
        {problems.map((problem, index) => (
          <Note key={index} problem={problem} kind="warning" trans={trans} />
        ))}
      </div>
    );
    // Without the status a location has no name yet.
    const listed =
      environments.length > 0 && Boolean(status.data || status.problem);
    return (
      <>
        {!resource.problem && placeholder}
        {!listed && notes}
        {listed && (
          <EnvironmentList
            environments={environments}
            locations={status.data?.locations ?? []}
            jobs={model.get('jobs').data?.jobs ?? []}
            notes={notes}
            trans={trans}
            verbs={{
              open: ({ id }) =>
                this.run(CommandIDs.openEnvironment, { environment: id }),
              remove: ({ id }) =>
                this.run(CommandIDs.remove, { environment: id }),
              menu: ({ id }, anchor) => this._menu(id, anchor),
              cancel: job => this.run(CommandIDs.cancelJob, { job }),
              showJob: job => this.run(CommandIDs.openJob, { job })
            }}
          />
        )}
        {resource.data && !own && (
          <div className="jp-EnvManager-empty">
            <p>{trans.__('You have no environments yet.')}</p>
            <TextButton primary onClick={() => this.run(CommandIDs.create, {})}>
              {trans.__('New environment')}
            </TextButton>
          </div>
        )}
      </>
    );
  }

  private _menu(environment: string, anchor: HTMLElement): void {
    openMenu(this.options.commands, anchor, { environment }, [
      CommandIDs.openEnvironment,
      ...ENVIRONMENT_MENU
    ]);
  }
}

/** The kernels. */
export class KernelsView extends View {
  /** Show what the model says. */
  constructor(options: ISectionOptions) {
    super(options, ['kernels', 'environments']);
    const { model, commands, trans } = options;
    this._verbs = kernelVerbs(model, commands, trans);
  }

  protected content(): JSX.Element {
    const { model } = this;
    const { trans } = this.options;
    const resource = model.get('kernels');
    const problems = resource.data?.problems ?? [];
    return (
      <>
        <Placeholder
          resource={resource}
          onRetry={this.retry}
          trans={trans}
          loading={trans.__('Looking for kernels…')}
          quiet={this.isEcho(resource.problem)}
        />
        {problems.map((problem, index) => (
          <Note key={index} problem={problem} kind="warning" trans={trans} />
        ))}
        {resource.data && !resource.data.kernels.length && (
          <div className="jp-EnvManager-empty">
            {trans.__('No kernels. A new environment brings one.')}
          </div>
        )}
        {resource.data && (
          <KernelList
            kernels={resource.data.kernels}
            environmentName={id => model.environment(id)?.name}
            logo={name => model.kernelLogo(name)}
            isChecking={name => model.isChecking(name)}
            trans={trans}
            verbs={this._verbs}
          />
        )}
      </>
    );
  }

  private readonly _verbs: IKernelVerbs;
}

/** The jobs. */
export class ActivityView extends View {
  /** Show what the model says. */
  constructor(options: ISectionOptions) {
    super(options, ['jobs']);
  }

  protected content(): JSX.Element {
    const { model } = this;
    const { trans } = this.options;
    const resource = model.get('jobs');
    return (
      <>
        <Placeholder
          resource={resource}
          onRetry={this.retry}
          trans={trans}
          loading={trans.__('Looking for activity…')}
          quiet={this.isEcho(resource.problem)}
        />
        {resource.data && !resource.data.jobs.length && (
          <div className="jp-EnvManager-empty">
            {trans.__(
              'Nothing is going on. Creations, changes and removals show up here.'
            )}
          </div>
        )}
        {resource.data && (
          <JobList
            jobs={resource.data.jobs}
            speed={id => model.speed(id)}
            trans={trans}
            verbs={{
              open: ({ id }) => this.run(CommandIDs.openJob, { job: id }),
              cancel: ({ id }) => this.run(CommandIDs.cancelJob, { job: id })
            }}
          />
        )}
      </>
    );
  }
}
