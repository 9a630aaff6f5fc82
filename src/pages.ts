import {
  type ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { TabPanel, type Widget } from '@lumino/widgets';

import type { IFormValues } from './formvalues';
import { environmentIcon } from './icons';
import { CommandIDs, type IEnvManagerModel } from './tokens';
import { formHeading } from './waiting';
import type { CreatePage } from './wizard';

/** What the pages need. */
export interface IPagesOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** Translates. */
  trans: TranslationBundle;
  /** JupyterLab's shell; null in Notebook. */
  labShell: ILabShell | null;
  /** Brings the pages back after a reload. */
  restorer: ILayoutRestorer | null;
}

type PageWidget = MainAreaWidget<CreatePage>;

/** The pages that are open, and the verbs that open them. */
export class Pages {
  /** Keep track of pages and bring them back after a reload. */
  constructor(private readonly _options: IPagesOptions) {
    const { restorer } = _options;
    if (restorer) {
      void restorer.restore(this._tracker, {
        command: CommandIDs.create,
        args: ({ content }) => pageState(content),
        name: ({ id }) => id
      });
    }
  }

  /** Open the form: the page that has it already, or a new one; what is to be filled in never overwrites what is there. */
  async openForm(args: ReadonlyPartialJSONObject = {}): Promise<PageWidget> {
    const job = typeof args['job'] === 'string' ? args['job'] : null;
    const filled = ['values', 'template'].some(key => args[key] !== undefined);
    if (job !== null || filled) {
      return this._open(job, args);
    }
    const page = this._tracker.find(
      ({ content }) => content.creation.job === null
    );
    return page ? this._activate(page) : this._open(null, args);
  }

  /** Show a job: on the page that has it already, or a new one. */
  async openJob(job: string): Promise<PageWidget> {
    const page = this._tracker.find(
      ({ content }) => content.creation.job === job
    );
    return page ? this._activate(page) : this._open(job, {});
  }

  /** Whether the user is looking at a job. */
  isVisible(job: string): boolean {
    return (
      this._tracker.find(
        widget => widget.isVisible && widget.content.creation.job === job
      ) !== undefined
    );
  }

  private async _open(
    job: string | null,
    args: ReadonlyPartialJSONObject
  ): Promise<PageWidget> {
    const { app, model, trans } = this._options;
    const { CreatePage } = await import('./wizard');
    const template = args['template'];
    const values = {
      ...((args['values'] ?? {}) as Partial<IFormValues>),
      ...(typeof template === 'string' && { start: 'template', template })
    } as Partial<IFormValues>;
    const content = new CreatePage({
      model,
      commands: app.commands,
      trans,
      values,
      job
    });
    const page = new MainAreaWidget({ content });
    page.id =
      typeof args['id'] === 'string'
        ? args['id']
        : `envmanager-${Date.now().toString(36)}`;
    page.toolbar.hide();
    page.title.icon = environmentIcon;
    page.title.closable = true;
    const title = () => {
      page.title.label =
        content.job?.title ?? formHeading(content.notebook, trans);
    };
    title();
    content.changed.connect(() => {
      title();
      void this._tracker.save(page);
    });
    model.stateChanged.connect(title, page);
    await this._tracker.add(page);
    showPage(page, this._options);
    return page;
  }

  private _activate(page: PageWidget): PageWidget {
    showPage(page, this._options);
    return page;
  }

  private readonly _tracker = new WidgetTracker<PageWidget>({
    namespace: 'envmanager'
  });
}

/** Show a page: where it is, or else where this application has room for it. */
export function showPage(
  page: Widget,
  { app, labShell }: Pick<IPagesOptions, 'app' | 'labShell'>
): void {
  const { shell } = app;
  const tabs = notebookTabs(shell.currentWidget);
  if (tabs && !labShell) {
    if (!page.isAttached) {
      tabs.addWidget(page);
    }
    tabs.currentWidget = page;
    page.activate();
    return;
  }
  if (!page.isAttached) {
    shell.add(page, labShell || !shell.currentWidget ? 'main' : 'right');
  }
  shell.activateById(page.id);
}

/** The tabs of Notebook 7's first page; its main area holds one widget only. */
export function notebookTabs(widget: Widget | null): TabPanel | null {
  return widget instanceof TabPanel ? widget : null;
}

/** What a page needs to come back after a reload. */
function pageState({ parent, creation }: CreatePage): JSONObject {
  const state: JSONObject = { id: parent?.id ?? '' };
  if (creation.job !== null) {
    state['job'] = creation.job;
  }
  if (creation.canEdit) {
    state['values'] = { ...creation.values } as JSONObject;
  }
  return state;
}
