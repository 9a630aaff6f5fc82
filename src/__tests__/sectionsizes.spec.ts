import { fitHeights } from '../panel/sectionsizes';

it.each([
  ['what is left goes to the first', [100, 50, 20, 30], 500, [400, 50, 20, 30]],
  ['a closed one has nothing', [0, 50, 20, 0], 300, [0, 280, 20, 0]],
  ['small ones are shown whole', [900, 50, 20, 30], 500, [400, 50, 20, 30]],
  ['large ones share', [900, 900, 20, 30], 450, [300, 100, 20, 30]],
  ['none needs more than it gets', [30, 900, 0, 0], 430, [30, 400, 0, 0]],
  ['nothing is open', [0, 0, 0, 0], 100, [0, 0, 0, 0]]
])('divides the panel: %s', (_, needs, room, heights) => {
  expect(fitHeights(needs, room, [3, 1, 1, 1])).toEqual(heights);
});
