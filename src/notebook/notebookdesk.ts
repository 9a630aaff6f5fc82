import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ISessionContextDialogs } from '@jupyterlab/apputils';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

import type { IEnvManagerModel, Topic } from '../tokens';
import type { Descriptions } from './descriptions';
import { kernelName } from './notebookstate';
import type { NotebookVerbs } from './notebookverbs';
import { OriginWatch } from './originwatch';
import { NotebookToolbarItem } from './toolbaritem';

const TOPICS: Topic[] = ['environments', 'kernels', 'jobs'];

/** What the desk needs. */
export interface IDeskOptions {
  /** The application. */
  app: JupyterFrontEnd;
  /** The state and its verbs. */
  model: IEnvManagerModel;
  /** Asks before a kernel is restarted. */
  dialogs: ISessionContextDialogs;
  /** Says what the user wants; null for what is usual. */
  settings: Promise<ISettingRegistry.ISettings> | null;
  /** Translates. */
  trans: TranslationBundle;
}

/** Where notebooks are told about: each that is opened gets a watch, a banner and metadata. */
export class NotebookDesk implements DocumentRegistry.WidgetExtension {
  /** Wait for notebooks. */
  constructor(private readonly _options: IDeskOptions) {
    _options.settings?.then(
      settings => {
        const read = () => {
          this._keeps = settings.composite['notebookMetadata'] !== false;
        };
        settings.changed.connect(read);
        read();
      },
      reason => console.warn(reason)
    );
  }

  /** A notebook is opened; its file has not been read yet. */
  createNew(
    panel: NotebookPanel,
    context: DocumentRegistry.IContext<INotebookModel>
  ): IDisposable {
    const watch = new OriginWatch(context);
    this._watches.set(panel, watch);
    void this._load();
    void context.ready
      .then(() => this._attend(panel, watch))
      .catch(reason => console.warn(reason));
    context.sessionContext.kernelChanged.connect(this._onKernel, this);
    return new DisposableDelegate(() => {
      this._watches.delete(panel);
      context.sessionContext.kernelChanged.disconnect(this._onKernel, this);
    });
  }

  /** The item of a notebook's toolbar. */
  readonly toolbarItem = (panel: NotebookPanel): NotebookToolbarItem => {
    const { model, trans } = this._options;
    return new NotebookToolbarItem({
      panel,
      model,
      trans,
      onMenu: anchor =>
        void this.verbs().then(verbs => verbs.menu(panel, anchor))
    });
  };

  /** What can be done about notebooks, once somebody wants to. */
  readonly verbs = (): Promise<NotebookVerbs> => {
    this._verbs ??= import('./notebookverbs').then(
      ({ NotebookVerbs }) =>
        new NotebookVerbs({ ...this._options, watches: this._watches })
    );
    return this._verbs;
  };

  /** What needs the file of a notebook, and is not needed before. */
  private async _attend(
    panel: NotebookPanel,
    watch: OriginWatch
  ): Promise<void> {
    const { model, trans } = this._options;
    const [{ showBanner }, { followMetadata }, { Descriptions }, verbs] =
      await Promise.all([
        import('./banner'),
        import('./notebookmetadata'),
        import('./descriptions'),
        this.verbs()
      ]);
    if (panel.isDisposed) {
      return;
    }
    this._descriptions ??= new Descriptions(model);
    followMetadata(panel.context, {
      model,
      descriptions: this._descriptions,
      isEnabled: () => this._keeps,
      isMeant: () => watch.isMeant
    });
    showBanner({ panel, model, watch, verbs: verbs.banner(panel), trans });
  }

  /** Read what there is, with the first notebook. */
  private async _load(): Promise<void> {
    const { model } = this._options;
    const missing = TOPICS.filter(topic => !model.get(topic).data);
    if (missing.length) {
      await model.refresh(...missing);
    }
  }

  /** A kernel that was registered since is not known yet. */
  private _onKernel(session: { session: unknown }): void {
    const { model } = this._options;
    const name = kernelName(session as Parameters<typeof kernelName>[0]);
    if (
      name &&
      model.get('kernels').data &&
      !model.kernel(name) &&
      !this._asked.has(name)
    ) {
      this._asked.add(name);
      void model.refresh('environments', 'kernels');
    }
  }

  private _keeps = true;
  private _verbs: Promise<NotebookVerbs> | null = null;
  private _descriptions: Descriptions | null = null;
  private readonly _watches = new Map<NotebookPanel, OriginWatch>();
  private readonly _asked = new Set<string>();
}
