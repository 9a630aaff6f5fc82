import type { AccordionPanel } from '@lumino/widgets';

/** Keep sections closed until they have something to say; from then on, opening and closing is the user's. */
export class QuietSections {
  /**
   * @param _panel - the panel, with its sections
   * @param speaks - whether a section has something to say; by its place, for those that may have nothing
   */
  constructor(
    private readonly _panel: Pick<
      AccordionPanel,
      'collapse' | 'expand' | 'expansionToggled'
    >,
    speaks: ReadonlyMap<number, () => boolean>
  ) {
    this._quiet = new Map(speaks);
    [...speaks.keys()].forEach(place => _panel.collapse(place));
    _panel.expansionToggled.connect((_, place) => this._quiet.delete(place));
    this.update();
  }

  /** Look again. */
  update(): void {
    for (const [place, speaks] of [...this._quiet]) {
      if (speaks()) {
        this._panel.expand(place);
      }
    }
  }

  private readonly _quiet: Map<number, () => boolean>;
}
