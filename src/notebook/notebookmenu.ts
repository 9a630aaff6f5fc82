import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import type { Environment } from '../_models';
import { joinParts } from '../format';
import type { IEnvManagerModel } from '../tokens';
import { openMenu } from '../widgets/menus';
import { environmentName, graveProblem, languageOf } from './notebookstate';
import { startableKernels } from './switching';

/** So many environments are in the menu itself; the rest is a dialog away. */
const LISTED = 12;

/** A choice of an environment, and of one of its kernels where it has several. */
export interface IChoice {
  /** The environment. */
  readonly environment: Environment;
  /** The kernel; undefined for the one that it has, or gets. */
  readonly kernel?: string;
  /** How it reads. */
  readonly label: string;
  /** Why it cannot be chosen; empty when it can. */
  readonly disabled: string;
  /** What is wrong with its kernel; empty when nothing is. */
  readonly trouble: string;
}

/** What a menu offers besides environments. */
export interface IMenuEntry {
  /** Its name. */
  readonly label: string;
  /** Does it. */
  readonly execute: () => unknown;
  /** Whether it can be done. */
  readonly enabled?: boolean;
}

/** What the menu needs. */
export interface IMenuOptions {
  /** What is known of environments. */
  model: IEnvManagerModel;
  /** The name of the kernel that runs. */
  running: string;
  /** Lets the notebook run there. */
  onChoose: (choice: IChoice) => void;
  /** Lets the user choose among all. */
  onMore: () => void;
  /** Translates. */
  trans: TranslationBundle;
}

/**
 * The environments that a notebook can run in: the current one first, then those with a kernel, those that can have
 * one, and those that have no language; by name in each group.
 */
export function choices(
  model: IEnvManagerModel,
  running: string,
  trans: TranslationBundle
): IChoice[] {
  const current = model.kernel(running)?.environment;
  const rank = (environment: Environment) =>
    environment.id === current
      ? 0
      : startableKernels(environment, model).length
        ? 1
        : environment.languages.length
          ? 2
          : 3;
  const environments = [
    ...(model.get('environments').data?.environments ?? [])
  ].sort(
    (one, other) =>
      rank(one) - rank(other) ||
      environmentName(one).localeCompare(environmentName(other))
  );
  return environments.flatMap(environment => {
    const disabled =
      environment.state === 'broken'
        ? (environment.problem?.message ?? trans.__('It is broken.'))
        : environment.state === 'building'
          ? trans.__('It is not ready yet.')
          : '';
    const name = environmentName(environment);
    const kernels = startableKernels(environment, model);
    const marked = (label: string, kernel?: string) => {
      const problem = graveProblem(model.kernel(kernel ?? ''));
      const mark =
        problem &&
        (problem.code === 'wrong_python'
          ? trans.__('starts another Python')
          : trans.__('does not work'));
      return {
        environment,
        label: joinParts(label, mark),
        disabled,
        trouble: problem?.message ?? ''
      };
    };
    if (kernels.length < 2) {
      const label = joinParts(name, languageOf(environment));
      const mine = environment.kernels.includes(running);
      return [marked(label, mine ? running : kernels[0])];
    }
    return kernels.map(kernel => {
      const display = model.kernel(kernel)?.display_name ?? kernel;
      return { ...marked(joinParts(name, display), kernel), kernel };
    });
  });
}

/** Whether a choice is what a notebook runs already. */
export function isCurrent(
  { environment, kernel }: IChoice,
  running: string
): boolean {
  return kernel === undefined
    ? environment.kernels.includes(running)
    : kernel === running;
}

/** Show the environments below an element, and the other entries below them; null is a separator. */
export function openNotebookMenu(
  anchor: HTMLElement,
  options: IMenuOptions,
  entries: (IMenuEntry | null)[] = []
): void {
  const { model, running, onChoose, onMore, trans } = options;
  const commands = new CommandRegistry();
  const describedBy = { args: { type: 'object', properties: {} } };
  const ids: (string | null)[] = [];
  const add = (options: CommandRegistry.ICommandOptions) => {
    const id = `entry-${ids.length}`;
    commands.addCommand(id, { describedBy, ...options });
    ids.push(id);
  };
  const all = choices(model, running, trans);
  for (const choice of all.slice(0, LISTED)) {
    const { label, disabled, environment, trouble } = choice;
    add({
      label,
      caption: disabled || trouble || environment.prefix,
      className: trouble ? 'jp-EnvManager-menuTrouble' : '',
      isEnabled: () => !disabled,
      isToggleable: true,
      isToggled: () => isCurrent(choice, running),
      execute: () => onChoose(choice)
    });
  }
  if (all.length > LISTED) {
    add({ label: trans.__('More Environments…'), execute: onMore });
  }
  for (const entry of entries) {
    if (entry) {
      const { label, execute, enabled = true } = entry;
      add({ label, isEnabled: () => enabled, execute });
    } else {
      ids.push(null);
    }
  }
  openMenu(commands, anchor, {}, ids);
}
