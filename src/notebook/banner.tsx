import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { joinParts } from '../format';
import { canRemedy } from '../kernels/kernelproblems';
import type { IEnvManagerModel } from '../tokens';
import { IconButton, TextButton } from '../widgets/components';
import { type BannerState, bannerState } from './bannerstate';
import { isExplained } from './explained';
import { environmentName, graveProblem, kernelName } from './notebookstate';
import { type IOrigin, minor } from './origin';
import type { OriginWatch } from './originwatch';

/** What the buttons of the banner do. */
export interface IBannerVerbs {
  /** Make an environment like the one of the notebook. */
  create: () => void;
  /** Make an environment with what the notebook imports. */
  createForNotebook: () => void;
  /** Let the user choose an environment, from a menu below the element. */
  choose: (anchor: HTMLElement) => void;
  /** Let the notebook run in this environment. */
  use: (environment: string) => void;
  /** Open the page of this environment. */
  open: (environment: string) => void;
  /** Write the kernel anew for its environment. */
  register: (kernel: string) => void;
  /** Install the packages that make a kernel. */
  install: (environment: string, packages: string[]) => void;
}

/** What the banner needs. */
export interface IBannerOptions {
  /** The notebook. */
  panel: NotebookPanel;
  /** What is known of environments. */
  model: IEnvManagerModel;
  /** Where the notebook was made. */
  watch: OriginWatch;
  /** What its buttons do. */
  verbs: IBannerVerbs;
  /** Translates. */
  trans: TranslationBundle;
}

/** Say at the top of a notebook what there is to say about its environment, as long as the notebook is open. */
export function showBanner(options: IBannerOptions): NotebookBanner {
  const banner = new NotebookBanner(options);
  options.panel.disposed.connect(() => banner.dispose());
  return banner;
}

/** What is to be said at the top of a notebook about its environment; there only while there is something. */
export class NotebookBanner extends ReactWidget {
  /** Follow a notebook. */
  constructor(private readonly _options: IBannerOptions) {
    super();
    this.addClass('jp-EnvManager-banner');
    const { model, panel, watch } = _options;
    model.stateChanged.connect(this._follow, this);
    watch.changed.connect(this._follow, this);
    panel.sessionContext.kernelChanged.connect(this._follow, this);
    panel.context.model.contentChanged.connect(this._onContent, this);
    this._follow();
  }

  /** Stop following. */
  dispose(): void {
    if (!this.isDisposed) {
      const { model, panel, watch } = this._options;
      model.stateChanged.disconnect(this._follow, this);
      watch.changed.disconnect(this._follow, this);
      panel.sessionContext.kernelChanged.disconnect(this._follow, this);
      panel.context.model.contentChanged.disconnect(this._onContent, this);
      this._observer.disconnect();
      super.dispose();
    }
  }

  protected onBeforeDetach(msg: Message): void {
    this._observer.disconnect();
    super.onBeforeDetach(msg);
  }

  protected render(): JSX.Element | null {
    const state = this._state;
    const { origin } = this._options.watch;
    return state && origin ? (
      <div className="jp-EnvManager-bannerBox" ref={this._onBox}>
        <BannerContent
          state={state}
          origin={origin}
          verbs={this._options.verbs}
          onDismiss={() => {
            this._dismissed = true;
            this._follow();
            this._options.panel.activate();
          }}
          trans={this._options.trans}
        />
      </div>
    ) : null;
  }

  private _follow(): void {
    const { model, panel, watch } = this._options;
    if (this.isDisposed || panel.isDisposed) {
      return;
    }
    const running = kernelName(panel.sessionContext);
    const found = bannerState({ origin: watch.origin, running }, model);
    this._broken = found?.kind === 'broken';
    // What a cell's output says, with the same buttons, need not be said twice.
    const told = this._broken && isExplained(panel.context.model, running);
    const state = this._dismissed || told ? null : found;
    if (JSON.stringify(state) === JSON.stringify(this._state)) {
      return;
    }
    this._state = state;
    if (state && !this.parent) {
      panel.contentHeader.addWidget(this);
    } else if (!state) {
      this.parent = null;
    }
    this.update();
  }

  /** Outputs come and go. */
  private _onContent(): void {
    if (this._broken) {
      this._follow();
    }
  }

  /** The layout above gives a widget the height that its style asks for: that of its text, wherever it wraps. */
  private _onBox = (box: HTMLElement | null): void => {
    this._observer.disconnect();
    if (box) {
      this._observer.observe(box);
    }
  };

  private _fit(entries: ResizeObserverEntry[]): void {
    const box = entries[0].target as HTMLElement;
    const height = `${box.offsetHeight}px`;
    if (box.offsetHeight && this.node.style.minHeight !== height) {
      this.node.style.minHeight = height;
      this._options.panel.contentHeader.fit();
    }
  }

  private _state: BannerState | null = null;
  private _dismissed = false;
  private _broken = false;
  private readonly _observer = new ResizeObserver(entries =>
    this._fit(entries)
  );
}

/** What the content needs. */
interface IContentProps {
  state: BannerState;
  origin: IOrigin;
  verbs: IBannerVerbs;
  onDismiss: () => void;
  trans: TranslationBundle;
}

function BannerContent(props: IContentProps): JSX.Element {
  const { state, onDismiss, trans } = props;
  return (
    <section
      className={`jp-EnvManager-note jp-mod-${state.kind === 'broken' ? 'warning' : 'info'}`}
      aria-label={trans.__('Environment of this notebook')}
    >
      <div className="jp-EnvManager-noteText" role="status">
        {state.kind === 'missing' ? (
          <MissingText {...props} state={state} />
        ) : (
          <BrokenText state={state} trans={trans} />
        )}
      </div>
      <div className="jp-EnvManager-noteActions">
        {state.kind === 'missing' ? (
          <MissingActions {...props} state={state} />
        ) : (
          <BrokenActions {...props} state={state} />
        )}
        <ChooseButton {...props} />
        <IconButton
          icon={closeIcon}
          label={trans.__('Dismiss until the notebook is opened again')}
          onClick={onDismiss}
        />
      </div>
    </section>
  );
}

type Missing = Extract<BannerState, { kind: 'missing' }>;
type Broken = Extract<BannerState, { kind: 'broken' }>;

function MissingText(props: IContentProps & { state: Missing }): JSX.Element {
  const { state, origin, trans } = props;
  const { description } = origin;
  const count = description
    ? description.specs.length + description.pypi.length
    : 0;
  const series = minor(description?.python ?? null);
  const details = [
    series && trans.__('Python %1', series),
    count > 0 && trans._n('%1 package', '%1 packages', count)
  ].filter(Boolean);
  const name = (description?.name || origin.displayName || origin.kernel) ?? '';
  return (
    <>
      <div className="jp-EnvManager-noteMessage">
        {details.length
          ? trans.__(
              'This notebook was made in “%1” (%2), which is not here.',
              name,
              details.join(', ')
            )
          : trans.__(
              'This notebook was made in “%1”, which is not here.',
              name
            )}
      </div>
      <div className="jp-EnvManager-hint">
        {joinParts(
          state.namesake &&
            trans.__(
              'An environment of that name is here, without its kernel.'
            ),
          state.instead &&
            trans.__('For now it runs in %1.', state.instead.display_name)
        )}
      </div>
    </>
  );
}

function MissingActions(
  props: IContentProps & { state: Missing }
): JSX.Element {
  const { state, origin, verbs, trans } = props;
  const { namesake } = state;
  return (
    <>
      {namesake && (
        <TextButton primary onClick={() => verbs.use(namesake.id)}>
          {trans.__('Use %1', environmentName(namesake))}
        </TextButton>
      )}
      <CreateButton origin={origin} verbs={verbs} trans={trans} />
    </>
  );
}

function BrokenText(props: {
  state: Broken;
  trans: TranslationBundle;
}): JSX.Element {
  const { environment, kernel, trouble } = props.state;
  const { message, hint, code } = trouble;
  const { trans } = props;
  const name = environment ? environmentName(environment) : kernel.display_name;
  const text =
    code === 'environment'
      ? trans.__('The environment “%1” is broken. %2', name, message)
      : code === 'wrong_python'
        ? trans.__(
            'The kernel “%1” does not run in its environment. %2',
            kernel.display_name,
            message
          )
        : trans.__('The kernel of “%1” does not work. %2', name, message);
  return (
    <>
      <div className="jp-EnvManager-noteMessage">{text}</div>
      {hint && <div className="jp-EnvManager-hint">{hint}</div>}
    </>
  );
}

function BrokenActions(props: IContentProps & { state: Broken }): JSX.Element {
  const { state, origin, verbs, trans } = props;
  const { environment, kernel } = state;
  const problem = graveProblem(kernel);
  const remedy = problem && canRemedy(kernel, problem) && problem.remedy;
  if (!environment) {
    return <CreateButton origin={origin} verbs={verbs} trans={trans} />;
  }
  const { id } = environment;
  return (
    <>
      {remedy === 'register' && (
        <TextButton primary onClick={() => verbs.register(kernel.name)}>
          {trans.__('Register again')}
        </TextButton>
      )}
      {problem && remedy === 'install' && (
        <TextButton primary onClick={() => verbs.install(id, problem.packages)}>
          {trans.__('Install %1…', problem.packages.join(', '))}
        </TextButton>
      )}
      <TextButton onClick={() => verbs.open(id)}>
        {trans.__('Open environment')}
      </TextButton>
    </>
  );
}

function CreateButton({
  origin,
  verbs,
  trans
}: Pick<IContentProps, 'origin' | 'verbs' | 'trans'>): JSX.Element {
  return origin.description ? (
    <TextButton onClick={verbs.create}>{trans.__('Create it…')}</TextButton>
  ) : (
    <TextButton onClick={verbs.createForNotebook}>
      {trans.__('New environment for this notebook…')}
    </TextButton>
  );
}

function ChooseButton({ verbs, trans }: IContentProps): JSX.Element {
  return (
    <button
      type="button"
      className="jp-EnvManager-button jp-mod-styled jp-mod-reject"
      aria-haspopup="menu"
      onClick={event => verbs.choose(event.currentTarget)}
    >
      {trans.__('Choose another environment')}
    </button>
  );
}
