import fc from 'fast-check';
import { expect, test } from 'vitest';
import { filterFigure, frontierFigure, rewardFigure } from '../../../orchestrator/report/figures.js';
import { markup } from '../../../orchestrator/report/markup.js';
import { interval, percent, signedPoints, thresholdText } from '../../../orchestrator/report/numbers.js';
import { axisOf } from '../../../orchestrator/statistics/axis.js';

test('an axis covers its values with a few round ticks', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
      const axis = axisOf('x', values, String);
      // Ticks are rounded: an end may fall short by a billionth of the range.
      const slack = 1e-6 + 1e-8 * (Math.max(...values) - Math.min(...values));
      expect(axis.min).toBeLessThanOrEqual(Math.min(...values) + slack);
      expect(axis.max).toBeGreaterThanOrEqual(Math.max(...values) - slack);
      expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
      expect(axis.ticks.length).toBeLessThanOrEqual(8);
    }),
  );
  expect(axisOf('accuracy', [0.52, 0.87], String).ticks).toEqual([0.5, 0.6, 0.7, 0.8, 0.9]);
});

test('figures bear the smallest and the strangest data', () => {
  const flat = { threshold: 1, accuracy: 0, thinkRatio: 1, meanTokens: 5 };
  const figures = [
    rewardFigure({ points: [{ step: 1, reward: 0 }], rewardFirst: 0, rewardLast: 0 }),
    filterFigure({ rollouts: 2, histogram: [0, 0, 0], keep: 0, drop: 0, unknown: 0 }),
    filterFigure({ rollouts: 64, histogram: Array.from({ length: 65 }, () => 3), keep: 0, drop: 0, unknown: 0 }),
    frontierFigure({
      benchmark: 'b',
      n: 1,
      points: [flat],
      bands: [],
      never: flat,
      always: flat,
      chosen: { threshold: 1.000001, rule: 'r', accuracy: 0, ci: null, n: null },
      calibration: null,
    }),
  ];
  for (const { svg, description } of figures) expect(`${svg.text}${description}`).not.toMatch(/NaN|Infinity|undefined/);
});

test('templates escape every value but markup', () => {
  const inner = markup`<b>${'<i>'}</b>`;
  expect(markup`<p title="${'"&\''}">${inner}${[1, markup`<br>`]}${null}${false}</p>`.text).toBe(
    '<p title="&quot;&amp;&#39;"><b>&lt;i&gt;</b>1<br></p>',
  );
  expect(markup`${'a\u0000b\ud800c\r\nd\te'}`.text).toBe('a\ufffdb\ufffdc\nd\te');
});

test('numbers for people', () => {
  expect([percent(0.8244), percent(null), percent(1, 0)]).toEqual(['82.4%', '–', '100%']);
  expect(interval({ low: -0.013, high: 0.1 })).toBe('[−1.3, 10.0]');
  expect([signedPoints(0.063), signedPoints(-0.06), signedPoints(-0.0001)]).toEqual(['+6.3', '−6.0', '0.0']);
  expect([thresholdText(0.97), thresholdText(0.87803421), thresholdText(1.000001)]).toEqual([
    '0.97',
    '0.878',
    'above 1',
  ]);
});
