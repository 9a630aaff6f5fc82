import {
  addIcon,
  CommandToolbarButton,
  PanelWithToolbar,
  refreshIcon,
  type SidePanel
} from '@jupyterlab/ui-components';
import type { AccordionPanel, Widget } from '@lumino/widgets';

import { dropActions } from '../create/fileactions';
import { acceptDrops } from '../files/filedrop';
import { joinParts } from '../format';
import { isActive } from '../jobs/jobstate';
import { countProblems } from '../kernels/kernelproblems';
import { CommandIDs, type IEnvManagerModel, type Topic } from '../tokens';
import { GpusView } from './gpusview';
import { QuietSections } from './quietsections';
import {
  ActivityView,
  EnvironmentsView,
  type ISectionOptions,
  KernelsView,
  type View
} from './sections';
import { SectionSizes } from './sectionsizes';

interface ISection {
  label: string;
  view: View;
  detail: () => string;
  /** Whether it has something to say; until then it is closed. */
  speaks?: () => boolean;
  buttons: Record<string, Widget>;
}

/** Fill the panel with its sections. */
export function fillPanel(panel: SidePanel, options: ISectionOptions): void {
  const sections = [
    environments(options),
    kernels(options),
    gpus(options),
    activity(options)
  ];
  const content = panel.content as AccordionPanel;
  const sizes = new SectionSizes(
    content,
    sections.map(({ view }) => view)
  );
  sections.forEach(section =>
    panel.addWidget(new Section(section, () => sizes.update()))
  );
  openWhenTheySpeak(content, sections, options.model);
  const drops = acceptDrops(
    panel.node,
    dropActions(options.commands, options.trans),
    options.trans.__('Drop it: a new environment starts from the file')
  );
  panel.disposed.connect(() => drops.dispose());
}

/** Keep closed what has nothing to say. */
function openWhenTheySpeak(
  content: AccordionPanel,
  sections: ISection[],
  model: IEnvManagerModel
): void {
  const quiet = new QuietSections(
    content,
    new Map(
      sections.flatMap(({ speaks }, place) => (speaks ? [[place, speaks]] : []))
    )
  );
  const look = () => quiet.update();
  model.stateChanged.connect(look);
  model.gpusChanged.connect(look);
  content.disposed.connect(() => {
    model.stateChanged.disconnect(look);
    model.gpusChanged.disconnect(look);
  });
  // A closed section does not ask.
  void model.refresh('gpus');
}

function environments(options: ISectionOptions): ISection {
  const { model, commands, trans } = options;
  return {
    label: trans.__('Environments'),
    view: new EnvironmentsView(options),
    detail: () => count(model.get('environments').data?.environments.length),
    buttons: {
      create: new CommandToolbarButton({
        commands,
        id: CommandIDs.create,
        icon: addIcon,
        label: '',
        caption: trans.__('New environment')
      }),
      refresh: refreshButton(options)
    }
  };
}

function kernels(options: ISectionOptions): ISection {
  const { model, trans } = options;
  return {
    label: trans.__('Kernels'),
    view: new KernelsView(options),
    detail: () => {
      const all = model.get('kernels').data?.kernels;
      const wrong = countProblems(all ?? []);
      return joinParts(count(all?.length), wrong > 0 && `⚠ ${wrong}`);
    },
    buttons: { refresh: refreshButton(options, 'kernels', 'environments') }
  };
}

function gpus(options: ISectionOptions): ISection {
  const { model, trans } = options;
  return {
    label: trans.__('GPUs'),
    view: new GpusView(options),
    detail: () => {
      const { data } = model.get('gpus');
      return data && !data.devices.length
        ? trans.__('none')
        : count(data?.devices.length);
    },
    speaks: () => {
      const { data, problem } = model.get('gpus');
      return Boolean(
        problem ||
        data?.devices.length ||
        data?.problems.length ||
        (data && data.override !== null)
      );
    },
    buttons: { refresh: refreshButton(options, 'gpus') }
  };
}

function activity(options: ISectionOptions): ISection {
  const { model, trans } = options;
  return {
    label: trans.__('Activity'),
    view: new ActivityView(options),
    detail: () => {
      const active = model.get('jobs').data?.jobs.filter(isActive) ?? [];
      const running = active.filter(job => job.state === 'running').length;
      const waiting = active.length - running;
      return joinParts(
        running > 0 && trans.__('%1 running', String(running)),
        waiting > 0 && trans.__('%1 waiting', String(waiting))
      );
    },
    // What has ended can wait until somebody asks for it.
    speaks: () => {
      const { data, problem } = model.get('jobs');
      return Boolean(problem || data?.jobs.some(isActive));
    },
    buttons: {}
  };
}

function count(value: number | undefined): string {
  return value ? String(value) : '';
}

function refreshButton(
  { commands, trans }: ISectionOptions,
  ...topics: Topic[]
): CommandToolbarButton {
  return new CommandToolbarButton({
    commands,
    id: CommandIDs.refresh,
    args: { topics },
    icon: refreshIcon,
    label: '',
    caption: trans.__('Refresh')
  });
}

/** A section of the panel: a title with a count and a toolbar, and a view. */
class Section extends PanelWithToolbar {
  constructor(
    { label, view, detail, buttons }: ISection,
    private readonly _resized: () => void
  ) {
    super();
    this.addClass('jp-EnvManager-section');
    this.title.label = label;
    this.toolbar.node.setAttribute('aria-label', label);
    for (const [name, button] of Object.entries(buttons)) {
      this.toolbar.addItem(name, button);
    }
    this.addWidget(view);
    view.updated = () => {
      // Changing the title rebuilds its node: only when the words change.
      if (this.title.dataset['detail'] !== detail()) {
        this.title.dataset = { detail: detail() };
      }
    };
    view.updated();
  }

  protected onResize(msg: Widget.ResizeMessage): void {
    super.onResize(msg);
    this._resized();
  }
}
