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

/** The first slot that should be in view for a row to be at the top, as nearly as slots allow. */
export function slotFor(row: number, { total, slots, last }: Rows): number {
  if (slots === total) return row;
  return Math.min(last, Math.max(0, Math.floor((row * last) / (last + total - slots))));
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
  const rows = useRef<Rows>(rowsOf(total, rowHeight, 0));
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

  rows.current = rowsOf(total, rowHeight, virtual.scrollRect?.height ?? 0);
  const top = Math.floor((virtual.scrollOffset ?? 0) / rowHeight);
  const shift = shiftAt(top, rows.current);
  const { visible } = rows.current;
  const show: Virtual['show'] = (row, align = 'auto') => {
    const start = (virtual.scrollOffset ?? 0) / rowHeight;
    const first = Math.ceil(start) + shift;
    if (align === 'auto' && row >= first && row < first + visible) return;
    const below = align === 'auto' && row >= first + visible;
    const slot = below ? belowSlot(row, rows.current) : slotFor(row, rows.current);
    virtual.scrollToOffset(
      below && rows.current.slots === total ? bottomOffset(row, rowHeight, virtual) : slot * rowHeight,
    );
  };
  return {
    rows: virtual.getVirtualItems().map(({ index, start }) => ({ row: index + shift, top: start })),
    height: virtual.getTotalSize(),
    first: top + shift,
    visible,
    show,
  };
}

/** The first slot in view that leaves a row at the bottom of it. */
function belowSlot(row: number, rows: Rows): number {
  return Math.min(
    Math.max(0, rows.slots - rows.visible),
    slotFor(row - rows.visible + 1, rows) + (rows.slots < rows.total ? 1 : 0),
  );
}

function bottomOffset(row: number, rowHeight: number, virtual: Virtualizer<HTMLElement, HTMLElement>): number {
  return Math.max(0, (row + 1) * rowHeight - (virtual.scrollRect?.height ?? 0));
}
