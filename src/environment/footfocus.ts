import React from 'react';

import type { Alteration } from './alteration';

/**
 * Lead the focus to what comes next, once a preview is there and the button that asked for it is not the next to press.
 *
 * @param foot - the pending changes, with the plan
 * @param alteration - what is asked for
 * @returns what is called when a way out is taken: the plan that comes of it is to be read first
 */
export function useFootFocus(
  foot: React.RefObject<HTMLElement>,
  { plan, outdated, busy, problem }: Alteration
): () => void {
  const wayOut = React.useRef(false);
  const ready = plan !== null && !outdated;
  React.useEffect(() => {
    if (busy === null && (ready || problem)) {
      moveFootFocus(foot.current, ready, wayOut.current);
      wayOut.current = false;
    }
  }, [ready, busy, problem]);
  return () => (wayOut.current = true);
}

/** Go to the plan, to *Apply*, or to the first way out, unless the user has gone elsewhere meanwhile. */
export function moveFootFocus(
  foot: HTMLElement | null,
  ready: boolean,
  wayOut: boolean
): void {
  const { activeElement } = document;
  const lost = activeElement === null || activeElement === document.body;
  const pressed = activeElement?.classList.contains('jp-EnvManager-preview');
  const find = (selector: string) =>
    foot?.querySelector<HTMLElement>(selector) ?? null;
  const help = () => find('.jp-EnvManager-note .jp-EnvManager-button');
  if (ready && (lost || pressed)) {
    // Whoever presses Enter once more has not said yes to what is new there.
    const plan = wayOut ? find('.jp-EnvManager-planList') : null;
    (plan ?? find('.jp-EnvManager-apply:enabled') ?? help())?.focus();
  } else if (!ready && wayOut && lost) {
    (help() ?? find('.jp-EnvManager-preview:enabled'))?.focus();
  }
}
