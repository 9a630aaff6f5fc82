import React from 'react';

import type { Creation } from './creation';

/** Says when the page shows what an answer has changed. */
export function Answered(props: { count: number; onAnswer: () => void }): null {
  React.useLayoutEffect(() => {
    if (props.count) {
      props.onAnswer();
    }
  }, [props.count]);
  return null;
}

/** What comes next: the button that leads on; the plan, to be read first; the CUDA version, to be changed or left. */
export type Goal = 'button' | 'plan' | 'cuda';

/** Go to the field at fault or to the next button, unless the user has gone elsewhere meanwhile. */
export function moveFocus(
  node: HTMLElement,
  creation: Creation,
  before: Element | null,
  goal: Goal
): void {
  const { activeElement } = document;
  const lost = activeElement === null || activeElement === document.body;
  if (!lost && activeElement !== before) {
    return;
  }
  const find = (selector: string, parent: Element = node) =>
    parent.querySelector<HTMLElement>(selector);
  const field = find('.jp-EnvManager-fieldError')?.closest(
    '.jp-EnvManager-field'
  );
  if (creation.job !== null) {
    node.focus();
  } else if (field) {
    (
      find('input[aria-invalid="true"]', field) ??
      find('select, input:not([type="file"])', field) ??
      find('button', field)
    )?.focus();
    // It is below the control, and may be behind the buttons.
    find('.jp-EnvManager-fieldError', field)?.scrollIntoView?.({
      block: 'nearest'
    });
  } else if (goal === 'cuda') {
    const cuda = find('.jp-EnvManager-typedTarget input');
    cuda?.focus();
    (cuda as HTMLInputElement | null)?.select();
  } else if (creation.plan && goal === 'plan') {
    // Whoever presses Enter once more has not said yes to what is new there.
    find('.jp-EnvManager-planList')?.focus();
  } else if (creation.plan && !creation.outdated) {
    (
      find('.jp-EnvManager-create:enabled') ??
      find('.jp-EnvManager-planList .jp-EnvManager-note button')
    )?.focus();
  } else if (lost) {
    find('.jp-EnvManager-preview')?.focus();
  }
}
