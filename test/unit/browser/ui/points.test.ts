import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exitsAt } from '../../../../orchestrator/answer/index.js';
import { placeAt, pointAt, recipeThreshold } from '../../../../orchestrator/browser/ui/pages/sweep/points.js';
import { ALWAYS_THINK, frontier, pointAt as recompute, type SweepRow } from '../../../../orchestrator/sweep/index.js';

/** Some that four decimals do not tell apart, and some that the gate itself does not. */
const near = fc.constantFrom(
  0,
  3e-5,
  0.1,
  0.9,
  0.9000001,
  0.9000004,
  0.90000051,
  0.8999998,
  0.97,
  0.99996,
  0.9999999,
  1,
);
const confidence = fc.oneof(near, fc.double({ min: 0, max: 1, noNaN: true }));
const answer = fc.record({ value: fc.constantFrom(0, 1), tokens: fc.integer({ min: 1, max: 99 }) });
const someRows = fc
  .array(fc.record({ confidence: fc.option(confidence, { nil: null }), first: answer, second: answer }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((rows) => rows.map((row, id): SweepRow => ({ id: String(id), benchmark: 'b', ...row })));
const someThreshold = fc.oneof(confidence, fc.constant(ALWAYS_THINK));

const exits = (rows: readonly SweepRow[], threshold: number) => rows.map((row) => exitsAt(row.confidence, threshold));

describe('the point at a threshold', () => {
  test('is what recomputing the threshold from the rows gives', () => {
    fc.assert(
      fc.property(someRows, someThreshold, (rows, threshold) => {
        const { threshold: _, ...local } = pointAt(frontier(rows).points, threshold) ?? { threshold };
        const { threshold: __, ...expected } = recompute(rows, threshold);
        expect(local).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('is the point itself at the threshold of a point, and the ends beyond them', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const { points } = frontier(rows);
        expect(points.map(({ threshold }) => placeAt(points, threshold))).toEqual(points.map((_, place) => place));
        expect(placeAt(points, 2)).toBe(0);
      }),
    );
    expect(pointAt([], 0.5)).toBeNull();
  });
});

describe('the recipe line', () => {
  test('moves no question to the other side, and is above 0', () => {
    fc.assert(
      fc.property(someRows, someThreshold, (rows, threshold) => {
        fc.pre(threshold > 0);
        const text = recipeThreshold(frontier(rows).points, threshold);
        expect(exits(rows, Number(text))).toEqual(exits(rows, threshold));
        expect(Number(text)).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('has four decimals where they are enough, and more only where they are needed', () => {
    const at = (...confidences: number[]) =>
      frontier(
        confidences.map((confidence, id) => {
          const one = { value: 1, tokens: 1 };
          return { id: String(id), benchmark: 'b', confidence, first: one, second: one };
        }),
      ).points;
    expect(recipeThreshold(at(0.9, 0.5), 0.9)).toBe('0.9000');
    expect(recipeThreshold(at(0.91236, 0.5), 0.91236)).toBe('0.91236');
    expect(recipeThreshold(at(0.912364, 0.912361), 0.912364)).toBe('0.912364');
    expect(recipeThreshold(at(0.00003, 0.00002), 0.00002)).toBe('0.00002');
    // A confidence that the gate holds to be 1 exits at 1.
    expect(Number(recipeThreshold(at(0.9999999, 0.5), ALWAYS_THINK))).toBeGreaterThan(1);
  });
});
