import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortRows } from '../../../orchestrator/browser/reader/sort-rows.js';

test('any keys come as a stable sort would put them, those without one last', () => {
  const keys = fc.array(fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, 1, -1, Number.NaN, Infinity, -Infinity)));
  fc.assert(
    fc.property(keys, fc.constantFrom('asc' as const, 'desc' as const), (values, order) => {
      const rows = values.map((_, row) => row).filter((row) => row % 3 !== 2);
      const sign = order === 'asc' ? 1 : -1;
      const known = rows.filter((row) => !Number.isNaN(values[row]));
      const less = (a: number, b: number) =>
        (values[a] ?? 0) < (values[b] ?? 0) ? -sign : (values[a] ?? 0) > (values[b] ?? 0) ? sign : 0;
      const expected = [...known.sort(less), ...rows.filter((row) => Number.isNaN(values[row]))];
      expect([...sortRows(Uint32Array.from(rows), values, order)]).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
