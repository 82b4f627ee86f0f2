import { useLayoutEffect, useState } from 'react';

/** The rows that are there, from the first one to the one before `end`. */
export interface RowWindow {
  readonly first: number;
  readonly end: number;
}

/** How many rows are there above and below those that are seen, at least. */
const BESIDE = 6;
/** Rows come and go by so many at once: each time costs something, however few they are. */
const STEP = 4;

/** Which rows there have to be for what is seen of a list; all heights in pixels. */
export function rowWindow({
  top,
  height,
  rowHeight,
  count,
}: {
  top: number;
  height: number;
  rowHeight: number;
  count: number;
}): RowWindow {
  const seen = Math.min(count, Math.floor(top / rowHeight));
  const first = Math.max(0, Math.floor((seen - BESIDE) / STEP) * STEP);
  const last = Math.ceil((top + height) / rowHeight) + BESIDE;
  return { first, end: Math.min(count, Math.ceil(last / STEP) * STEP) };
}

/** The rows of a list that there have to be while it is scrolled, and while its size changes. */
export function useRowWindow(scroll: HTMLElement | null, rowHeight: number, count: number): RowWindow {
  const [place, setPlace] = useState({ top: 0, height: 0 });
  useLayoutEffect(() => {
    if (scroll === null) return undefined;
    const look = (): void =>
      setPlace((before) => {
        const now = { top: scroll.scrollTop, height: scroll.clientHeight };
        return isSame(windowAt(before), windowAt(now)) ? before : now;
      });
    // However many rows there are: those that were not loaded yet change nothing of where one is.
    const windowAt = (at: { top: number; height: number }): RowWindow =>
      rowWindow({ ...at, rowHeight, count: Number.MAX_SAFE_INTEGER });
    look();
    const sizes = new ResizeObserver(look);
    sizes.observe(scroll);
    scroll.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      scroll.removeEventListener('scroll', look);
    };
  }, [scroll, rowHeight]);
  return rowWindow({ ...place, rowHeight, count });
}

function isSame(one: RowWindow, other: RowWindow): boolean {
  return one.first === other.first && one.end === other.end;
}
