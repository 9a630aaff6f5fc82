import { Signal } from '@lumino/signaling';
import type { AccordionPanel } from '@lumino/widgets';

import { QuietSections } from '../panel/quietsections';

/** A panel that remembers which of its sections are open. */
class Panel {
  readonly open = new Set([0, 1, 2, 3]);
  readonly expansionToggled = new Signal<this, number>(this);

  collapse(place: number): void {
    this.open.delete(place);
    this.expansionToggled.emit(place);
  }

  expand(place: number): void {
    this.open.add(place);
    this.expansionToggled.emit(place);
  }
}

let panel: Panel;
let speaking: number[];
let sections: QuietSections;

beforeEach(() => {
  panel = new Panel();
  speaking = [];
  sections = new QuietSections(
    panel as unknown as AccordionPanel,
    new Map([2, 3].map(place => [place, () => speaking.includes(place)]))
  );
});

it('sections that have nothing to say are closed until they have', () => {
  expect([...panel.open]).toEqual([0, 1]);
  speaking = [3];
  sections.update();
  expect([...panel.open]).toEqual([0, 1, 3]);
  speaking = [];
  sections.update();
  expect([...panel.open]).toEqual([0, 1, 3]);
});

it('one that the user has closed stays so', () => {
  panel.expand(2);
  panel.collapse(2);
  speaking = [2];
  sections.update();
  expect([...panel.open]).toEqual([0, 1]);
});
