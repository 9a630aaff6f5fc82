import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  CommandToolbarButton,
  MenuSvg,
  PanelWithToolbar,
  refreshIcon,
  type SidePanel,
  ToolbarButton,
  VDomRenderer
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import type { AccordionPanel } from '@lumino/widgets';
import React from 'react';

import { Note, Placeholder, TextButton } from './components';
import { EnvironmentList } from './environments';
import { JobList } from './jobs';
import { isActive } from './jobstate';
import { GpuList, KernelList } from './kernels';
import { CommandIDs, type IEnvManagerModel, type Topic } from './tokens';

/** What the sections need. */
export interface ISectionOptions {
  /** The state they show. */
  model: IEnvManagerModel;
  /** The verbs they offer. */
  commands: CommandRegistry;
  /** Translates. */
  trans: TranslationBundle;
}

/** Fill the panel with its sections. */
export function fillPanel(panel: SidePanel, options: ISectionOptions): void {
  const { model, commands, trans } = options;
  const environments = new Section(
    trans.__('Environments'),
    new EnvironmentsView(options),
    () => count(model.get('environments').data?.environments.length)
  );
  environments.toolbar.addItem(
    'create',
    new CommandToolbarButton({
      commands,
      id: CommandIDs.create,
      icon: addIcon,
      label: '',
      caption: trans.__('New environment')
    })
  );
  environments.toolbar.addItem('refresh', refreshButton(options));
  const kernels = new Section(
    trans.__('Kernels'),
    new KernelsView(options),
    () => {
      const all = model.get('kernels').data?.kernels;
      const orphans = all?.filter(kernel => kernel.orphan).length ?? 0;
      return orphans
        ? trans._n(
            '%2 · %1 orphan',
            '%2 · %1 orphans',
            orphans,
            String(all?.length)
          )
        : count(all?.length);
    }
  );
  kernels.toolbar.addItem(
    'refresh',
    refreshButton(options, 'kernels', 'environments')
  );
  const gpus = new Section(trans.__('GPUs'), new GpusView(options), () =>
    count(model.get('gpus').data?.devices.length)
  );
  gpus.toolbar.addItem('refresh', refreshButton(options, 'gpus'));
  const activity = new Section(
    trans.__('Activity'),
    new ActivityView(options),
    () => {
      const running = model.get('jobs').data?.jobs.filter(isActive).length;
      return running ? trans.__('%1 running', String(running)) : '';
    }
  );
  for (const section of [environments, kernels, gpus, activity]) {
    panel.addWidget(section);
  }
  (panel.content as AccordionPanel).setRelativeSizes([5, 2.5, 1.5, 2]);
}

function count(value: number | undefined): string {
  return value ? String(value) : '';
}

function refreshButton(
  { model, trans }: ISectionOptions,
  ...topics: Topic[]
): ToolbarButton {
  return new ToolbarButton({
    icon: refreshIcon,
    tooltip: trans.__('Refresh'),
    onClick: () => void model.refresh(...topics)
  });
}

/** A section of the panel: a title with a count and a toolbar, and a view. */
class Section extends PanelWithToolbar {
  constructor(label: string, view: View, detail: () => string) {
    super();
    this.addClass('jp-EnvManager-section');
    this.title.label = label;
    this.toolbar.node.setAttribute('aria-label', label);
    this.addWidget(view);
    const update = () => {
      // Changing the title rebuilds its node: only when the words change.
      if (this.title.dataset['detail'] !== detail()) {
        this.title.dataset = { detail: detail() };
      }
    };
    update();
    view.updated = update;
  }
}

/** A view of the model. */
abstract class View extends VDomRenderer<IEnvManagerModel> {
  constructor(
    protected options: ISectionOptions,
    protected topics: Topic[]
  ) {
    super(options.model);
    this.addClass('jp-EnvManager-view');
  }

  /** Called after each change of the model. */
  updated: () => void = () => undefined;

  /** The view's content. */
  protected abstract content(): JSX.Element;

  protected render(): JSX.Element {
    return this.content();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._load();
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._load();
  }

  protected onUpdateRequest(msg: Message): void {
    super.onUpdateRequest(msg);
    this.updated();
  }

  /** Read what has not been read yet, or failed. */
  private _load(): void {
    const missing = this.topics.filter(topic => {
      const { data, problem, loading } = this.model.get(topic);
      return (data === null || problem !== null) && !loading;
    });
    if (this.isVisible && missing.length) {
      void this.model.refresh(...missing);
    }
  }

  protected run(id: string, args: ReadonlyJSONObject): void {
    void this.options.commands.execute(id, args);
  }

  protected retry = (): void => void this.model.refresh(...this.topics);
}

class EnvironmentsView extends View {
  constructor(options: ISectionOptions) {
    super(options, ['status', 'environments', 'jobs']);
  }

  protected content(): JSX.Element {
    const { model } = this;
    const { trans } = this.options;
    const resource = model.get('environments');
    const status = model.get('status');
    const environments = resource.data?.environments ?? [];
    const problems = [
      ...(status.data?.problems ?? []),
      ...(resource.data?.problems ?? [])
    ];
    return (
      <>
        <Placeholder
          resource={resource}
          onRetry={this.retry}
          trans={trans}
          loading={trans.__('Looking for environments…')}
        />
        {problems.map((problem, index) => (
          <Note key={index} problem={problem} kind="warning" />
        ))}
        {resource.data && !environments.length && (
          <div className="jp-EnvManager-empty">
            <p>{trans.__('No environments yet.')}</p>
            <TextButton primary onClick={() => this.run(CommandIDs.create, {})}>
              {trans.__('New environment')}
            </TextButton>
          </div>
        )}
        {environments.length > 0 && (
          <EnvironmentList
            environments={environments}
            locations={status.data?.locations ?? []}
            job={id => model.job(id)}
            trans={trans}
            verbs={{
              open: ({ id, kernels }) =>
                this.run(
                  kernels.length
                    ? CommandIDs.openNotebook
                    : CommandIDs.registerKernel,
                  { environment: id }
                ),
              remove: ({ id }) =>
                this.run(CommandIDs.remove, { environment: id }),
              menu: ({ id }, anchor) => this._menu(id, anchor),
              cancel: job => this.run(CommandIDs.cancelJob, { job }),
              showJob: job => this.run(CommandIDs.openJob, { job })
            }}
          />
        )}
      </>
    );
  }

  private _menu(environment: string, anchor: HTMLElement): void {
    openMenu(this.options.commands, anchor, { environment }, [
      CommandIDs.openNotebook,
      CommandIDs.registerKernel,
      CommandIDs.copyPath,
      null,
      CommandIDs.remove
    ]);
  }
}

class KernelsView extends View {
  constructor(options: ISectionOptions) {
    super(options, ['kernels', 'environments']);
  }

  protected content(): JSX.Element {
    const { model } = this;
    const { trans } = this.options;
    const resource = model.get('kernels');
    return (
      <>
        <Placeholder
          resource={resource}
          onRetry={this.retry}
          trans={trans}
          loading={trans.__('Looking for kernels…')}
        />
        {resource.data && !resource.data.kernels.length && (
          <div className="jp-EnvManager-empty">
            {trans.__('No kernels. A new environment brings one.')}
          </div>
        )}
        {resource.data && (
          <KernelList
            kernels={resource.data.kernels}
            environmentName={id => model.environment(id)?.name}
            isChecking={name => model.isChecking(name)}
            trans={trans}
            verbs={{
              open: ({ name }) =>
                this.run(CommandIDs.openNotebook, { kernel: name }),
              check: ({ name }) =>
                this.run(CommandIDs.checkKernel, { kernel: name }),
              remove: ({ name }) =>
                this.run(CommandIDs.removeKernel, { kernel: name }),
              menu: ({ name }, anchor) => this._menu(name, anchor)
            }}
          />
        )}
      </>
    );
  }

  private _menu(kernel: string, anchor: HTMLElement): void {
    openMenu(this.options.commands, anchor, { kernel }, [
      CommandIDs.openNotebook,
      CommandIDs.checkKernel,
      CommandIDs.copyKernelPath,
      null,
      CommandIDs.removeKernel
    ]);
  }
}

class GpusView extends View {
  constructor(options: ISectionOptions) {
    super(options, ['gpus']);
  }

  protected content(): JSX.Element {
    const { trans } = this.options;
    const resource = this.model.get('gpus');
    return (
      <>
        <Placeholder
          resource={resource}
          onRetry={this.retry}
          trans={trans}
          loading={trans.__('Asking the driver…')}
        />
        {resource.data && <GpuList report={resource.data} trans={trans} />}
      </>
    );
  }
}

class ActivityView extends View {
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
        />
        {resource.data && !resource.data.jobs.length && (
          <div className="jp-EnvManager-empty">
            {trans.__(
              'Nothing is going on. Creations and removals show up here.'
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

/** Show a menu of commands below an element; null is a separator. */
function openMenu(
  commands: CommandRegistry,
  anchor: HTMLElement,
  args: ReadonlyJSONObject,
  ids: (string | null)[]
): void {
  const menu = new MenuSvg({ commands });
  for (const command of ids) {
    menu.addItem(command === null ? { type: 'separator' } : { command, args });
  }
  menu.aboutToClose.connect(() => {
    // The menu runs the command after closing: let it, then drop the menu and give the focus back.
    setTimeout(() => {
      menu.dispose();
      if (!document.activeElement || document.activeElement === document.body) {
        anchor.focus();
      }
    });
  });
  const { left, bottom } = anchor.getBoundingClientRect();
  menu.open(left, bottom);
}
