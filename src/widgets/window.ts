import React from 'react';

/** Rows rendered beyond the edges, so that scrolling shows no gap. */
const SPARE = 12;

/** Which rows of a long list are in view. */
export interface IWindow {
  /** The first row to render. */
  readonly first: number;
  /** The row after the last to render. */
  readonly last: number;
  /** The row at the upper edge. */
  readonly top: number;
  /** How many rows are in view. */
  readonly page: number;
  /** Bring a row into view. */
  readonly reveal: (index: number) => void;
  /** To be called when the list scrolls. */
  readonly onScroll: () => void;
}

/** Render only the rows in view of a list whose rows are equally high, below a head of the same height. */
export function useWindow(
  list: React.RefObject<HTMLElement>,
  count: number,
  height: number
): IWindow {
  const [scroll, setScroll] = React.useState(0);
  const [room, setRoom] = React.useState(600);
  React.useLayoutEffect(() => {
    const node = list.current!;
    const measure = () => setRoom(node.clientHeight || 600);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  // A shorter list may leave the place it was scrolled to behind.
  React.useLayoutEffect(() => setScroll(list.current!.scrollTop), [count]);
  const top = Math.floor(scroll / height);
  const page = Math.max(1, Math.floor(room / height) - 2);
  return {
    top: Math.min(top, Math.max(0, count - 1)),
    page,
    first: Math.max(0, Math.min(top, count) - SPARE),
    last: Math.min(count, top + Math.ceil(room / height) + SPARE),
    reveal: index => {
      const node = list.current!;
      const start = index * height;
      if (start < node.scrollTop) {
        node.scrollTop = start;
      } else if (start + 2 * height > node.scrollTop + node.clientHeight) {
        node.scrollTop = start + 2 * height - node.clientHeight;
      }
      // The scroll event comes later, and the row is needed now.
      setScroll(node.scrollTop);
    },
    onScroll: () => setScroll(list.current!.scrollTop)
  };
}
