import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FramesAnswer, Span } from '../../../../orchestrator/browser/api/index.js';
import { at, bar, closest, scaleOf, seconds, ticks } from '../../../../orchestrator/browser/ui/pages/trace/scale.js';

const frames = (times: readonly number[]) => times.map((each) => ({ seconds: each, url: '/f' }));
const answer = (range: Span | null): FramesAnswer => ({ frames: [], range, reason: null });
const spans = (...first: Span[]) => ({ gold: [], first, second: [] });

const time = fc.double({ min: 0, max: 1e5, noNaN: true });
const span = fc.tuple(time, time).map(([one, other]): Span => [Math.min(one, other), Math.max(one, other)]);

test('a scale holds the seconds of the frames, and a quarter more at most for spans that reach farther', () => {
  expect(scaleOf(answer([10, 30]), spans([12, 20]))).toEqual({ from: 10, to: 30 });
  expect(scaleOf(answer([10, 30]), spans([12, 33]))).toEqual({ from: 10, to: 33 });
  expect(scaleOf(answer([10, 30]), spans([12, 5000]))).toEqual({ from: 10, to: 35 });
  expect(scaleOf(answer(null), spans([2, 9]))).toEqual({ from: 0, to: 9 });
  expect(scaleOf(answer([5, 5]), spans([5, 5]))?.to).toBeGreaterThan(5);
  expect(scaleOf(undefined, spans())).toBeNull();
  expect(scaleOf(answer(null), spans([0, 0]))).toBeNull();
});

test('bars lie on the line and can be seen, whatever the spans are', () => {
  fc.assert(
    fc.property(span, span, span, (range, shown, other) => {
      const scale = scaleOf(answer(range), spans(shown, other)) ?? { from: 0, to: 0 };
      expect(scale.to).toBeGreaterThan(scale.from);
      const { left, width } = bar(shown, scale);
      expect(Number.parseFloat(left)).toBeGreaterThanOrEqual(0);
      expect(Number.parseFloat(width)).toBeGreaterThanOrEqual(0.5);
      expect(Number.parseFloat(left) + Number.parseFloat(width)).toBeLessThanOrEqual(100 + 1e-9);
    }),
  );
  expect([-1, 0, 5, 10, 11].map((each) => at(each, { from: 0, to: 10 }))).toEqual([0, 0, 50, 100, 100]);
});

test('ticks are at most nine, on the line, and evenly apart', () => {
  fc.assert(
    fc.property(time, fc.double({ min: 0.001, max: 1e5, noNaN: true }), (from, length) => {
      const found = ticks({ from, to: from + length });
      expect(found.length).toBeLessThanOrEqual(9);
      if (length >= 0.2) expect(found.length).toBeGreaterThan(0);
      for (const tick of found) {
        expect(tick).toBeGreaterThanOrEqual(from - 1e-6);
        expect(tick).toBeLessThanOrEqual(from + length * 1.001 + 1e-6);
      }
      const gaps = found.slice(1).map((tick, index) => tick - (found[index] ?? 0));
      for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0] ?? 0, 6);
    }),
  );
  expect(ticks({ from: 0, to: 9 })).toEqual([0, 2, 4, 6, 8]);
  expect(ticks({ from: 3, to: 41 })).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
  expect(ticks({ from: 0, to: 0.5 }).map(seconds)).toEqual(['0 s', '0.1 s', '0.2 s', '0.3 s', '0.4 s', '0.5 s']);
});

test('the least time between frames is a share of the line; frames of one time do not count', () => {
  const scale = { from: 0, to: 100 };
  expect(closest(frames([0, 10, 12, 50]), scale)).toBeCloseTo(0.02);
  expect(closest(frames([5, 5, 55]), scale)).toBeCloseTo(0.5);
  for (const times of [[], [5], [5, 5]]) expect(closest(frames(times), scale)).toBe(1);
});
