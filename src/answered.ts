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

/** Go to the field at fault or to the next button, unless the user has gone elsewhere meanwhile. */
export function moveFocus(
  node: HTMLElement,
  creation: Creation,
  before: Element | null
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
      find('select, input', field) ??
      find('button', field)
    )?.focus();
  } else if (creation.plan && !creation.outdated) {
    find('.jp-EnvManager-create')?.focus();
  } else if (lost) {
    find('.jp-EnvManager-preview')?.focus();
  }
}
