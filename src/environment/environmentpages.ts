import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { JSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { type IPagesOptions, showPage } from '../create/pages';
import { baseName } from '../format';
import { readItems, savedItems } from '../plan/pending';
import { CommandIDs } from '../tokens';
import { environmentIcon } from '../widgets/icons';
import type { EnvironmentPage } from './environmentpage';
import type { PageTab } from './environmentview';

type PageWidget = MainAreaWidget<EnvironmentPage>;

const TABS: PageTab[] = ['packages', 'kernels', 'history', 'gpu', 'share'];

/** The pages of environments that are open, one for each, and the verb that opens them. */
export class EnvironmentPages {
  /** Keep track of pages and bring them back after a reload. */
  constructor(
    private readonly _options: IPagesOptions,
    private readonly _documents: IDocumentManager | null
  ) {
    const { restorer } = _options;
    if (restorer) {
      void restorer.restore(this._tracker, {
        command: CommandIDs.openEnvironment,
        args: ({ content }) => pageState(content),
        name: ({ id }) => id
      });
    }
  }

  /** Open the page of an environment, or show the one there is. */
  async open(args: ReadonlyPartialJSONObject): Promise<PageWidget> {
    const environment = String(args['environment']);
    const tab = TABS.find(name => name === args['tab']);
    const job = typeof args['job'] === 'string' ? args['job'] : null;
    const existing = this._find(environment);
    const page = existing ?? (await this._make(args));
    if (existing) {
      page.content.alteration.add(...readItems(args['items']));
    }
    if (args['preview'] === true) {
      void page.content.alteration.preview();
    }
    if (tab) {
      page.content.tab = tab;
    }
    if (job) {
      page.content.alteration.show(job);
    }
    if (args['check'] === true) {
      void page.content.proof.begin();
    }
    if (typeof args['search'] === 'string') {
      page.content.search.type(args['search']);
    }
    showPage(page, this._options);
    return page;
  }

  /** Whether the user is looking at an environment. */
  isVisible(environment: string): boolean {
    return this._find(environment)?.isVisible ?? false;
  }

  private _find(environment: string): PageWidget | undefined {
    return this._tracker.find(
      ({ content }) => content.environmentId === environment
    );
  }

  private async _make(args: ReadonlyPartialJSONObject): Promise<PageWidget> {
    const { app, model, trans } = this._options;
    const environment = String(args['environment']);
    const { EnvironmentPage } = await import('./environmentpage');
    const existing = this._find(environment);
    if (existing) {
      return existing;
    }
    const content = new EnvironmentPage({
      environment,
      model,
      commands: app.commands,
      services: app.serviceManager,
      documents: this._documents,
      trans,
      items: readItems(args['items'])
    });
    const page = new MainAreaWidget({ content });
    page.id = `envmanager-environment-${environment}`;
    page.toolbar.hide();
    page.title.icon = environmentIcon;
    page.title.closable = true;
    page.title.label =
      typeof args['name'] === 'string' ? args['name'] : trans.__('Environment');
    const title = () => {
      const { environment: shown } = content;
      if (shown) {
        page.title.label = shown.name || baseName(shown.prefix);
        page.title.caption = shown.prefix;
      }
    };
    title();
    content.changed.connect(() => void this._tracker.save(page));
    model.stateChanged.connect(title, page);
    await this._tracker.add(page);
    return page;
  }

  private readonly _tracker = new WidgetTracker<PageWidget>({
    namespace: 'envmanager-environment'
  });
}

/** What a page needs to come back after a reload. */
function pageState(page: EnvironmentPage): JSONObject {
  return {
    environment: page.environmentId,
    name: page.environment?.name ?? '',
    tab: page.tab,
    items: savedItems(page.alteration.items)
  };
}
