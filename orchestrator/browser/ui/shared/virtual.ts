import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

/** Browsers cut elements off that are higher (Firefox at 17.8 million pixels). */
const MOST_PIXELS = 15_000_000;

export interface Rows {
  /** Rows from 0. */
  readonly total: number;
  /** Places for rows in the scrolled element: as many as there are rows, or as many as it may be high. */
  readonly slots: number;
  /** Whole rows in view. */
  readonly visible: number;
  /** The first slot in view when the list is at its end. */
  readonly last: number;
}

export function rowsOf(total: number, rowHeight: number, viewHeight: number): Rows {
  const slots = Math.min(total, Math.floor(MOST_PIXELS / rowHeight));
  return {
    total,
    slots,
    visible: Math.max(1, Math.floor(viewHeight / rowHeight)),
    last: Math.max(1, slots - Math.ceil(viewHeight / rowHeight)),
  };
}

/** How far the row in a slot is behind the slot, when `top` is the first slot in view. 0 while all rows have a slot. */
export function shiftAt(top: number, { total, slots, last }: Rows): number {
  return Math.round((Math.min(top, last) / last) * (total - slots));
}

export interface Place {
  /** First slot in view. */
  readonly top: number;
  /** Rows by which the shift at this slot is to be another, since one slot more can mean several rows more. */
  readonly by: number;
}

/** Where a row is at the top of the view; at the end of the list, where it is in view. */
export function placeFor(row: number, rows: Rows): Place {
  const { total, slots, last, visible } = rows;
  if (slots === total) return { top: Math.max(0, row), by: 0 };
  if (row >= total - visible) return { top: last + 1, by: 0 };
  const top = Math.min(last, Math.max(0, Math.floor((row * last) / (last + total - slots))));
  const shift = Math.min(total - slots, Math.max(0, row - top));
  return { top, by: shift - shiftAt(top, rows) };
}

export interface VirtualRow {
  readonly row: number;
  /** Pixels from the top of the scrolled element. */
  readonly top: number;
}

export interface Virtual {
  readonly rows: readonly VirtualRow[];
  /** Pixels of the scrolled element. */
  readonly height: number;
  /** First row in view. */
  readonly first: number;
  readonly visible: number;
  /** Brings a row into view; `start`: to the top. */
  readonly show: (row: number, align?: 'auto' | 'start') => void;
}

/** The rows of a list that are in view, and a few beside them. All rows have one height. */
export function useVirtual(
  scroller: { readonly current: HTMLElement | null },
  total: number,
  rowHeight: number,
): Virtual {
  const [, draw] = useReducer<number, void>((turn) => turn + 1, 0);
  const nudge = useRef<Place>({ top: -1, by: 0 });
  const options = {
    count: Math.min(total, Math.floor(MOST_PIXELS / rowHeight)),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => draw(),
  };
  const [virtual] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  virtual.setOptions(options);
  const measured = useRef(rowHeight);
  useLayoutEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => virtual._willUpdate());
  useLayoutEffect(() => {
    if (measured.current !== rowHeight) virtual.measure();
    measured.current = rowHeight;
  }, [virtual, rowHeight]);

  const viewHeight = virtual.scrollRect?.height ?? 0;
  const rows = rowsOf(total, rowHeight, viewHeight);
  const start = (virtual.scrollOffset ?? 0) / rowHeight;
  const top = Math.floor(start);
  const shift = shiftAt(top, rows) + (nudge.current.top === top ? nudge.current.by : 0);
  const show: Virtual['show'] = (row, align = 'auto') => {
    const first = Math.ceil(start) + shift;
    if (align === 'auto' && row >= first && row < first + rows.visible) return;
    const below = align === 'auto' && row >= first + rows.visible;
    const to = placeFor(below ? row - rows.visible + 1 : row, rows);
    nudge.current = to;
    const offset = below && rows.slots === total ? (row + 1) * rowHeight - viewHeight : to.top * rowHeight;
    virtual.scrollToOffset(Math.max(0, offset));
    draw();
  };
  return {
    rows: virtual.getVirtualItems().map(({ index, start: pixels }) => ({ row: index + shift, top: pixels })),
    height: virtual.getTotalSize(),
    first: top + shift,
    visible: rows.visible,
    show,
  };
}
