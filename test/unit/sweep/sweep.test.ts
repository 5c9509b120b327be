import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exitsAt } from '../../../orchestrator/answer/index.js';
import {
  ALWAYS_THINK,
  calibration,
  chooseThreshold,
  frontier,
  pointAt,
  type SweepRow,
  sweep,
} from '../../../orchestrator/sweep/index.js';
import { costGrowsLinearly } from '../../fixtures/cost.js';

function row(
  id: number,
  confidence: number | null,
  first: [number, number],
  second: [number, number],
  cluster?: string,
): SweepRow {
  const answer = ([value, tokens]: [number, number]) => ({ value, tokens });
  return {
    id: String(id),
    benchmark: 'b',
    confidence,
    first: answer(first),
    second: answer(second),
    ...(cluster ? { cluster } : {}),
  };
}

/** Few distinct confidences, so that ties are common. */
const someRow = fc.record({
  confidence: fc.option(fc.constantFrom(0, 0.1, 0.5, 0.9, 0.97, 0.9999999, 1), { nil: null }),
  first: fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 1, max: 9 })),
  second: fc.tuple(fc.constantFrom(0, 1), fc.integer({ min: 10, max: 99 })),
});
const someRows = fc
  .array(someRow, { minLength: 1, maxLength: 40 })
  .map((items) => items.map(({ confidence, first, second }, id) => row(id, confidence, first, second)));

function naive(rows: readonly SweepRow[], threshold: number) {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const exits = rows.filter(({ confidence }) => exitsAt(confidence, threshold));
  const needy = rows.filter(({ first, second }) => first.value === 0 && second.value === 1);
  const taken = rows.map((item) => (exits.includes(item) ? item.first : item.second));
  return {
    accuracy: mean(taken.map(({ value }) => value)),
    thinkRatio: 1 - exits.length / rows.length,
    meanTokens: mean(taken.map(({ tokens }) => tokens)),
    exitAccuracy: exits.length === 0 ? null : mean(exits.map(({ first }) => first.value)),
    thinkRecall: needy.length === 0 ? null : mean(needy.map((item) => Number(!exits.includes(item)))),
  };
}

describe('frontier', () => {
  test('every point is what recomputing its threshold from the rows gives', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const { points, n, never, always } = frontier(rows);
        expect(n).toBe(rows.length);
        const distinct = new Set(
          rows.flatMap(({ confidence }) => (confidence === null ? [] : [Math.round(Math.log(confidence) * 1e6)])),
        );
        expect(points).toHaveLength(distinct.size + 1);
        for (const point of points) {
          const expected = naive(rows, point.threshold);
          for (const name of ['accuracy', 'thinkRatio', 'meanTokens'] as const)
            expect(point[name]).toBeCloseTo(expected[name], 12);
          for (const name of ['exitAccuracy', 'thinkRecall'] as const) {
            const value = expected[name];
            if (value === null) expect(point[name]).toBeNull();
            else expect(point[name]).toBeCloseTo(value, 12);
          }
          const direct = pointAt(rows, point.threshold);
          expect(direct.accuracy).toBeCloseTo(point.accuracy, 12);
          expect(direct.meanTokens).toBeCloseTo(point.meanTokens, 12);
        }
        expect(points[0]).toMatchObject({ threshold: ALWAYS_THINK, thinkRatio: 1 });
        expect(points[0]?.accuracy).toBeCloseTo(always.accuracy, 12);
        if (rows.every(({ confidence }) => confidence !== null))
          expect(points.at(-1)?.accuracy).toBeCloseTo(never.accuracy, 12);
      }),
      { numRuns: 300 },
    );
  });

  test('a threshold between two points does what the point above it does', () => {
    const rows = [row(1, 0.9, [1, 2], [0, 20]), row(2, 0.5, [0, 2], [1, 20])];
    expect(pointAt(rows, 0.7)).toEqual({ ...frontier(rows).points[1], threshold: 0.7 });
  });

  test('rows without a confidence always think', () => {
    const { points } = frontier([row(1, null, [1, 2], [0, 20])]);
    expect(points).toEqual([
      { threshold: ALWAYS_THINK, accuracy: 0, thinkRatio: 1, meanTokens: 20, exitAccuracy: null, thinkRecall: null },
    ]);
    expect(frontier([])).toMatchObject({ n: 0, points: [] });
  });

  test('costs no more than sorting', () => {
    const rows = Array.from({ length: 10_000 }, (_, id) => row(id, ((id * 7919) % 40_009) / 40_009, [1, 2], [0, 20]));
    expect(costGrowsLinearly((size) => frontier(rows.slice(0, size)), 5_000)).toBe(true);
  });
});

describe('chooseThreshold', () => {
  const point = (threshold: number, accuracy: number, meanTokens: number) => ({
    threshold,
    accuracy,
    meanTokens,
    thinkRatio: 0,
    exitAccuracy: null,
    thinkRecall: null,
  });
  const points = [point(1.1, 0.8, 50), point(0.99, 0.81, 40), point(0.9, 0.805, 20), point(0.5, 0.7, 10)];

  test.each([
    ['fewest-tokens', { tolerance: 0.01 }, 0.9],
    ['fewest-tokens', { tolerance: 0 }, 0.99],
    ['fewest-tokens', { tolerance: 1 }, 0.5],
    ['max-accuracy', {}, 0.99],
    ['token-budget', { budget: 25 }, 0.9],
    ['token-budget', { budget: 1 }, 0.5],
    ['token-budget', { budget: 1000 }, 0.99],
  ] as const)('%s %j takes %d', (rule, options, threshold) => {
    expect(chooseThreshold(points, rule, options)?.threshold).toBe(threshold);
  });

  test('between equals the higher threshold; of nothing nothing', () => {
    expect(chooseThreshold([point(0.5, 1, 5), point(0.9, 1, 5)], 'fewest-tokens')?.threshold).toBe(0.9);
    expect(chooseThreshold([], 'max-accuracy')).toBeNull();
  });
});

describe('calibration', () => {
  test('bins of the confidences that are known', () => {
    const rows = [
      row(1, 0.95, [1, 1], [1, 9]),
      row(2, 0.91, [0, 1], [1, 9]),
      row(3, 0.25, [0, 1], [1, 9]),
      row(4, 1, [1, 1], [1, 9]),
      row(5, null, [0, 0], [1, 9]),
    ];
    const { bins, ece, auroc } = calibration(rows);
    expect(bins.map(({ low, n }) => [low, n])).toEqual([
      [0.2, 1],
      [0.9, 3],
    ]);
    expect(bins[1]?.accuracy).toBeCloseTo(2 / 3, 12);
    expect(ece).toBeCloseTo((0.25 + 3 * Math.abs(2 / 3 - 2.86 / 3)) / 4, 12);
    expect(auroc).toBe(1);
  });

  test('nothing to tell from', () => {
    expect(calibration([])).toEqual({ ece: 0, auroc: null, bins: [] });
  });
});

describe('sweep', () => {
  const options = { holdout: 0.5, seed: 3, rule: 'fewest-tokens', tolerance: 0 } as const;
  // Confident first answers are right; unsure ones are wrong and thinking mends them.
  const rows = Array.from({ length: 200 }, (_, id) => {
    const sure = id % 2 === 0;
    return row(id, sure ? 0.98 : 0.6, [Number(sure), 5], [1, 40], `video ${Math.floor(id / 4)}`);
  });

  test('finds the threshold and says what it does on the other half', () => {
    const { chosen, n } = sweep(rows, options);
    expect(n).toBe(200);
    expect(chosen).toMatchObject({ threshold: 0.98, accuracy: 1, rule: 'fewest-tokens', heldOut: true, n: 100 });
    expect(chosen.meanTokens).toBe(22.5);
    expect(chosen.ci).toEqual([1, 1]);
    expect(chosen.versusAlways).toEqual({ difference: 0, ci: [0, 0] });
  });

  test('depends on the seed and not on the order of the rows', () => {
    expect(sweep(rows, options)).toEqual(sweep(rows, options));
    const { chosen } = sweep([...rows].reverse(), options);
    expect(chosen).toMatchObject({ threshold: 0.98, n: 100, accuracy: 1 });
  });

  test('no cluster is on both sides', () => {
    const twoVideos = rows.map((item, index) => ({ ...item, cluster: `video ${index % 2}` }));
    expect(sweep(twoVideos, options).chosen.n).toBe(100);
    expect(sweep(twoVideos, { ...options, holdout: 0.01 }).chosen).toMatchObject({ n: 100, heldOut: true });
  });

  test('with a single cluster nothing is held out, and it says so', () => {
    const one = rows.map((item) => ({ ...item, cluster: 'video' }));
    expect(sweep(one, options).chosen).toMatchObject({ n: 200, heldOut: false });
    expect(sweep(rows, { ...options, holdout: 0 }).chosen).toMatchObject({ n: 200, heldOut: false });
  });
});
