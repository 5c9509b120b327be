import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeFor, type Rows, rowsOf, shiftAt } from '../../../../orchestrator/browser/ui/shared/virtual.js';

const list = fc.record({
  total: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 5_000_000 })),
  rowHeight: fc.constantFrom(32, 84),
  viewHeight: fc.integer({ min: 90, max: 2000 }),
});
type List = typeof list extends fc.Arbitrary<infer Value> ? Value : never;

/** How many slots the browser can scroll, parts of one among them. */
function endOf(rows: Rows, { rowHeight, viewHeight }: List): number {
  return Math.max(0, rows.slots - viewHeight / rowHeight);
}

/** The rows that are wholly in view after the browser has scrolled to a place as far as it can. */
function inView(row: number, rows: Rows, at: List): { from: number; to: number } {
  const place = placeFor(row, rows);
  const start = Math.min(place.top, endOf(rows, at));
  const top = Math.floor(start);
  const shift = shiftAt(top, rows) + (place.top === top ? place.by : 0);
  return { from: Math.ceil(start) + shift, to: Math.min(rows.total, Math.ceil(start) + shift + rows.visible) };
}

test('every row can be brought into view, and stands at the top where rows enough follow', () => {
  fc.assert(
    fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), (at, share) => {
      const rows = rowsOf(at.total, at.rowHeight, at.viewHeight);
      for (const row of [0, 1, Math.floor(share * (at.total - 1)), at.total - rows.visible - 1, at.total - 1]) {
        if (row < 0 || row >= at.total) continue;
        const { from, to } = inView(row, rows, at);
        expect(row).toBeGreaterThanOrEqual(from);
        expect(row).toBeLessThan(to);
        if (row < at.total - rows.visible) expect(from).toBe(row);
      }
    }),
    { numRuns: 2000 },
  );
});

test('each of five million rows has a place, the rows of a phone too', () => {
  for (const rowHeight of [32, 84]) {
    const at = { total: 5_000_000, rowHeight, viewHeight: 650 };
    const rows = rowsOf(at.total, rowHeight, at.viewHeight);
    let missing = 0;
    for (let row = 0; row < at.total; row += 1) {
      const { from, to } = inView(row, rows, at);
      if (row < from || row >= to) missing += 1;
    }
    expect(missing).toBe(0);
    expect(rows.slots * rowHeight).toBeLessThan(17_800_000);
  }
});

test('scrolling keeps the order: the first row at the top, the last at the end, each step forward', () => {
  fc.assert(
    fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), (at, share) => {
      const rows = rowsOf(at.total, at.rowHeight, at.viewHeight);
      const end = Math.floor(endOf(rows, at));
      expect(shiftAt(0, rows)).toBe(0);
      expect(rows.slots - 1 + shiftAt(end, rows)).toBe(at.total - 1);
      const top = Math.floor(share * end);
      expect(shiftAt(top + 1, rows)).toBeGreaterThanOrEqual(shiftAt(top, rows));
      expect(shiftAt(end + 1, rows)).toBe(shiftAt(end, rows));
      if (rows.slots === at.total) expect(shiftAt(top, rows)).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

test('a list without rows, and one that has not been measured, stand still', () => {
  expect(placeFor(0, rowsOf(0, 32, 600))).toEqual({ top: 0, by: 0 });
  expect(placeFor(-1, rowsOf(10, 32, 600))).toEqual({ top: 0, by: 0 });
  expect(rowsOf(5_000_000, 32, 0).visible).toBe(1);
});
