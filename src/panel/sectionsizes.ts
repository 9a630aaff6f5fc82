import type { AccordionPanel } from '@lumino/widgets';

import type { View } from './sections';

/** How high each section is while there is not enough room for all. */
const SHARES = [6, 2.6, 1, 1.6];

/**
 * Give each section the height that its content needs.
 *
 * @param needs - the heights of the contents, in pixels; 0 for a closed section
 * @param room - the height that there is
 * @param shares - what each may claim of the room where it does not suffice
 * @returns the heights; the first open section has what is left over
 */
export function fitHeights(
  needs: readonly number[],
  room: number,
  shares: readonly number[] = SHARES
): number[] {
  const heights = needs.map(() => 0);
  let open = needs.map((_, index) => index).filter(index => needs[index] > 0);
  let left = room;
  while (open.length) {
    const sum = open.reduce((total, index) => total + shares[index], 0);
    const share = (index: number) => (left * shares[index]) / sum;
    const content = open.filter(index => needs[index] <= share(index));
    if (!content.length) {
      open.forEach(index => (heights[index] = share(index)));
      return heights;
    }
    content.forEach(index => (heights[index] = needs[index]));
    left -= content.reduce((total, index) => total + needs[index], 0);
    open = open.filter(index => !content.includes(index));
  }
  const first = needs.findIndex(need => need > 0);
  if (first >= 0) {
    heights[first] += left;
  }
  return heights;
}

/** Keep the sections of a panel as high as their contents, until the user has moved a border between them. */
export class SectionSizes {
  /**
   * @param _panel - the panel
   * @param _views - what its sections show, in their order
   */
  constructor(
    private readonly _panel: AccordionPanel,
    private readonly _views: readonly View[]
  ) {
    _panel.setRelativeSizes(SHARES);
    _panel.handleMoved.connect(() => (this._own = true));
    _panel.expansionToggled.connect(() => this.update());
    _views.forEach(view => (view.drawn = () => this.update()));
  }

  /** Look again, once all that happens now has happened. */
  update(): void {
    if (!this._frame && !this._own) {
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this._fit();
      });
    }
  }

  private _fit(): void {
    const { _panel: panel, _views: views } = this;
    const now = panel.widgets.map(({ isHidden, node }) =>
      isHidden ? 0 : node.clientHeight
    );
    const room = now.reduce((sum, height) => sum + height, 0);
    if (this._own || !panel.isVisible || !room) {
      return;
    }
    const heights = fitHeights(
      // One without any height is open all the same.
      views.map((view, index) =>
        panel.widgets[index].isHidden ? 0 : view.contentHeight
      ),
      room
    );
    // A pixel more or less would have them set for ever.
    if (heights.some((height, index) => Math.abs(height - now[index]) > 2)) {
      panel.setRelativeSizes(heights);
    }
  }

  private _frame = 0;
  private _own = false;
}
