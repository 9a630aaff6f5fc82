import { MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyJSONObject } from '@lumino/coreutils';

/** Something that a menu offers and that is no command of the application. */
export interface IMenuAction {
  /** Its name. */
  readonly label: string;
  /** Does it. */
  readonly execute: () => void;
  /** Why it cannot be done now; empty or absent when it can. */
  readonly disabled?: string;
}

/** Show a menu of commands below an element; null is a separator. */
export function openMenu(
  commands: CommandRegistry,
  anchor: HTMLElement,
  args: ReadonlyJSONObject,
  ids: readonly (string | null)[],
  focus: HTMLElement = anchor
): void {
  const menu = new MenuSvg({ commands });
  for (const command of ids) {
    menu.addItem(command === null ? { type: 'separator' } : { command, args });
  }
  menu.aboutToClose.connect(() => {
    // The focus goes back first: what the command opens remembers it, and returns it in the end.
    focus.focus();
    // The menu runs the command after closing: let it, then drop the menu.
    setTimeout(() => menu.dispose());
  });
  const { left, bottom } = anchor.getBoundingClientRect();
  menu.open(left, bottom);
  // Lumino shows no captions; they say why an item is disabled.
  [...menu.contentNode.children].forEach((node, index) => {
    (node as HTMLElement).title = menu.items[index].caption;
  });
}

/** Show a menu of actions below an element; the focus goes back to `focus`. */
export function openActions(
  anchor: HTMLElement,
  actions: (IMenuAction | null)[],
  focus: HTMLElement = anchor
): void {
  const commands = new CommandRegistry();
  const ids = actions.map((action, index) => {
    if (action === null) {
      return null;
    }
    const { label, execute, disabled } = action;
    const id = `action-${index}`;
    commands.addCommand(id, {
      label,
      caption: disabled ?? '',
      isEnabled: () => !disabled,
      execute,
      describedBy: { args: { type: 'object', properties: {} } }
    });
    return id;
  });
  openMenu(commands, anchor, {}, ids, focus);
}
