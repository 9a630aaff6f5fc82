import {
  type ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { TabPanel, type Widget } from '@lumino/widgets';

import { joinParts } from '../format';
import { formHeading } from '../jobs/waiting';
import { CommandIDs, type IEnvManagerModel } from '../tokens';
import { environmentIcon } from '../widgets/icons';
import { takesFiles } from './creationstate';
import type { IFileServices } from './filedesk';
import { defaultDisplayName, type IFormValues } from './formvalues';
import type { CreatePage } from './wizard';

/** What the pages need. */
export interface IPagesOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** What finds and edits files. */
  files: IFileServices;
  /** Translates. */
  trans: TranslationBundle;
  /** JupyterLab's shell; null in Notebook. */
  labShell: ILabShell | null;
  /** Brings the pages back after a reload. */
  restorer: ILayoutRestorer | null;
}

const MOST_TEXT = 200_000;

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
    const waiting = args['reuse'] === true && this._refill(args);
    if (waiting) {
      return this._activate(waiting);
    }
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

  /** Put a file, or an archive, into a page that waits for one or has another. */
  private _refill(args: ReadonlyPartialJSONObject): PageWidget | undefined {
    const { file, archive } = (args['values'] ?? {}) as Partial<IFormValues>;
    const page = this._tracker.find(({ content }) =>
      takesFiles(content.creation)
    );
    if (file) {
      page?.content.creation.setFile(file);
    } else if (archive) {
      page?.content.creation.setArchive(archive);
    }
    return page;
  }

  private async _open(
    job: string | null,
    args: ReadonlyPartialJSONObject
  ): Promise<PageWidget> {
    const { app, model, files, trans } = this._options;
    const { CreatePage } = await import('./wizard');
    const template = args['template'];
    const values = {
      ...((args['values'] ?? {}) as Partial<IFormValues>),
      ...(typeof template === 'string' && { start: 'template', template })
    } as Partial<IFormValues>;
    const content = new CreatePage({
      model,
      commands: app.commands,
      files,
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
        content.job?.title ??
        joinParts(
          defaultDisplayName(content.creation.values),
          formHeading(content.notebook, trans)
        );
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
    state['values'] = saved(creation.values) as JSONObject;
  }
  return state;
}

/** What is kept of the form; a text as large as a lock’s may be is no matter of the layout. */
function saved(values: Readonly<IFormValues>): Partial<IFormValues> {
  const { file } = values;
  return file && file.text.length > MOST_TEXT
    ? { ...values, file: null, relaxed: {} }
    : { ...values };
}
