import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  auroc,
  bootstrapMean,
  createRandom,
  ece,
  mcnemar,
  normalQuantile,
  pairedBootstrap,
  shuffled,
  wilson,
} from '../../../orchestrator/statistics/index.js';

const options = { seed: 7, draws: 2000, level: 0.95 };

describe('random numbers', () => {
  test('depend on the seed alone and fill [0, 1) evenly', () => {
    const draw = (seed: number) => Array.from({ length: 20_000 }, createRandom(seed));
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3).slice(0, 5)).not.toEqual(draw(4).slice(0, 5));
    const values = draw(3);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
  });

  test('shuffling keeps the items and repeats with the seed', () => {
    const items = Array.from({ length: 100 }, (_, index) => index);
    expect(shuffled(items, 1)).toEqual(shuffled(items, 1));
    expect(shuffled(items, 1)).not.toEqual(items);
    expect(shuffled(items, 1).sort((a, b) => a - b)).toEqual(items);
  });
});

describe('bootstrap', () => {
  const bits = Array.from({ length: 400 }, (_, index) => Number(index % 4 === 0));

  test('the mean is exact and the interval close to the normal one', () => {
    const { mean, low, high } = bootstrapMean(bits, options);
    const half = 1.96 * Math.sqrt((0.25 * 0.75) / 400);
    expect(mean).toBe(0.25);
    expect(low).toBeCloseTo(0.25 - half, 1);
    expect(high).toBeCloseTo(0.25 + half, 1);
    expect(high - low).toBeGreaterThan(1.7 * half);
    expect(high - low).toBeLessThan(2.3 * half);
  });

  test('the same input gives the same interval, another seed nearly the same', () => {
    expect(bootstrapMean(bits, options)).toEqual(bootstrapMean(bits, options));
    const [a, b] = [bootstrapMean(bits, options), bootstrapMean(bits, { ...options, seed: 8 })];
    expect(Math.abs(a.low - b.low)).toBeLessThan(0.02);
  });

  test('four copies of each value in one cluster tell no more than one does', () => {
    const single = Array.from({ length: 100 }, (_, index) => Number(index % 2));
    const copies = single.flatMap((value) => [value, value, value, value]);
    const clusters = copies.map((_, index) => `video ${Math.floor(index / 4)}`);
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    const alone = width(bootstrapMean(single, options));
    expect(width(bootstrapMean(copies, { ...options, clusters }))).toBeCloseTo(alone, 10);
    expect(width(bootstrapMean(copies, options))).toBeLessThan(0.65 * alone);
  });

  test('constant values have no width, no values no interval', () => {
    expect(bootstrapMean([2, 2, 2], options)).toEqual({ mean: 2, low: 2, high: 2 });
    expect(bootstrapMean([], options)).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN });
  });

  test('the interval contains the mean and lies within the values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 30 }), (values) => {
        const { mean, low, high } = pairedBootstrap(values, { ...options, draws: 200, level: 0.99 });
        expect(low).toBeLessThanOrEqual(high);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
        expect(high).toBeLessThanOrEqual(Math.max(...values) + 1e-9);
        expect(mean).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9);
      }),
      { numRuns: 50 },
    );
  });
});

describe('shares and tests', () => {
  test('normal quantiles', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 12);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232, 6);
    expect(normalQuantile(1)).toBe(Infinity);
  });

  test("Wilson's interval, against published values", () => {
    // Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29.
    for (const [successes, n, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const interval = wilson(successes, n, 0.95);
      expect(interval.low).toBeCloseTo(low, 4);
      expect(interval.high).toBeCloseTo(high, 4);
    }
    expect(wilson(0, 0, 0.95)).toMatchObject({ low: 0, high: 1 });
  });

  test("McNemar's exact test, against the binomial sum", () => {
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(0, 5)).toBeCloseTo(2 / 32, 12);
    expect(mcnemar(1, 5)).toBeCloseTo((2 * 7) / 64, 12);
    expect(mcnemar(5, 1)).toBeCloseTo(mcnemar(1, 5), 12);
    expect(mcnemar(4, 4)).toBe(1);
    expect(mcnemar(2000, 2200)).toBeGreaterThan(0.001);
    expect(mcnemar(2000, 2200)).toBeLessThan(0.005);
  });
});

describe('calibration', () => {
  test('ECE is the weighted gap', () => {
    const bins = [
      { n: 3, confidence: 0.9, accuracy: 0.6 },
      { n: 1, confidence: 0.2, accuracy: 0.2 },
      { n: 0, confidence: Number.NaN, accuracy: Number.NaN },
    ];
    expect(ece(bins)).toBeCloseTo((3 * 0.3) / 4, 12);
    expect(ece([])).toBe(0);
  });

  test('AUROC counts pairs, ties half', () => {
    expect(auroc([0.1, 0.9], [false, true])).toBe(1);
    expect(auroc([0.9, 0.1], [false, true])).toBe(0);
    expect(auroc([0.5, 0.5], [false, true])).toBe(0.5);
    expect(auroc([0.5], [true])).toBeNull();
    const item = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(item, { maxLength: 25 }), (items) => {
        const [right, wrong] = [true, false].map((kind) => items.filter(([, label]) => label === kind));
        const pairs = (right ?? []).flatMap(([a]) => (wrong ?? []).map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const expected = pairs.length === 0 ? null : pairs.reduce<number>((sum, won) => sum + won, 0) / pairs.length;
        const value = auroc(
          items.map(([score]) => score),
          items.map(([, label]) => label),
        );
        if (expected === null) expect(value).toBeNull();
        else expect(value).toBeCloseTo(expected, 12);
      }),
    );
  });
});
