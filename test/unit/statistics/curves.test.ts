import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  atTemperature,
  bootstrapCurves,
  bootstrapMean,
  createRandom,
  ece,
  fitTemperature,
  reliability,
  TEMPERATURES,
} from '../../../orchestrator/statistics/index.js';

const items = fc.array(
  fc.record({
    before: fc.integer({ min: 0, max: 9 }),
    after: fc.integer({ min: 0, max: 9 }),
    step: fc.nat(5),
    cluster: fc.nat(6),
  }),
  { minLength: 1, maxLength: 30 },
);

describe('bands along a curve', () => {
  test('are at each step those of the mean there', () => {
    const count = 4;
    const property = (given: { before: number; after: number; step: number; cluster: number }[]) => {
      const clusters = given.map(({ cluster }) => `c${cluster}`);
      const options = { seed: 3, draws: 60, level: 0.9, clusters };
      const steps = { of: given.map(({ step }) => step), count };
      const quantity = { before: given.map(({ before }) => before), after: given.map(({ after }) => after) };
      const [curve] = bootstrapCurves([quantity], steps, options);
      for (let at = 0; at < count; at += 1) {
        const values = given.map(({ before, after, step }) => (step <= at ? after : before));
        const { mean, low, high } = bootstrapMean(values, options);
        expect(curve?.[at]?.mean).toBeCloseTo(mean, 9);
        expect(curve?.[at]?.low).toBeCloseTo(low, 9);
        expect(curve?.[at]?.high).toBeCloseTo(high, 9);
      }
    };
    fc.assert(fc.property(items, property), { numRuns: 40 });
  });
});

describe('temperature scaling', () => {
  /** Outcomes that follow the confidences at a temperature. */
  function drawn(temperature: number, size = 20_000) {
    const random = createRandom(5);
    const confidences = Array.from({ length: size }, () => 0.02 + 0.96 * random());
    const outcomes = confidences.map((confidence) => Number(random() < atTemperature(confidence, temperature)));
    return { confidences, outcomes };
  }

  test.each([0.5, 1, 2.5])(
    'finds the temperature %d that made the outcomes, and mends their calibration',
    (temperature) => {
      const { confidences, outcomes } = drawn(temperature);
      const found = fitTemperature(confidences, outcomes) ?? Number.NaN;
      expect(found / temperature).toBeGreaterThan(0.93);
      expect(found / temperature).toBeLessThan(1.07);
      const errorAt = (t: number) =>
        ece(
          reliability(
            confidences.map((value) => atTemperature(value, t)),
            outcomes,
            10,
          ),
        );
      expect(errorAt(found)).toBeLessThan(0.02);
      if (temperature !== 1) expect(errorAt(1)).toBeGreaterThan(5 * errorAt(found));
    },
  );

  test('changes no order, and is undone by its inverse', () => {
    const number = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.double({ min: 0.2, max: 5, noNaN: true }), (a, b, t) => {
        if (a < b) expect(atTemperature(a, t)).toBeLessThanOrEqual(atTemperature(b, t));
        expect(atTemperature(0.5, t)).toBe(0.5);
        // Beyond an edge logits are cut, and what is cut does not come back.
        if (t >= 1) expect(atTemperature(atTemperature(a, t), 1 / t)).toBeCloseTo(a, 6);
      }),
    );
  });

  test('has no answer when there is nothing to tell apart, and an end for what is always right', () => {
    expect([fitTemperature([], []), fitTemperature([0.9], [1]), fitTemperature([0.9, 0.8], [0, 0])]).toEqual([
      null,
      null,
      null,
    ]);
    expect(fitTemperature([0.9, 0.1], [1, 0])).toBeCloseTo(TEMPERATURES.lowest, 6);
    expect(fitTemperature([0.9, 0.1], [0, 1])).toBeCloseTo(TEMPERATURES.highest, 3);
  });
});

test('the bins of a reliability diagram', () => {
  expect(reliability([0, 0.05, 0.95, 1], [0, 1, 1, 1], 10)).toEqual([
    { low: 0, high: 0.1, n: 2, confidence: 0.025, accuracy: 0.5 },
    { low: 0.9, high: 1, n: 2, confidence: 0.975, accuracy: 1 },
  ]);
  expect(reliability([], [], 10)).toEqual([]);
});
