import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StageView } from '../../../../orchestrator/browser/api/index.js';
import { CURVES, otherGroups } from '../../../../orchestrator/browser/ui/pages/run/curve-groups.js';
import { smooth } from '../../../../orchestrator/browser/ui/pages/run/smooth.js';
import { timeScale } from '../../../../orchestrator/browser/ui/pages/run/timeline-scale.js';

const START = Date.parse('2026-11-23T22:06:00Z');

/** Seconds behind START; no end: as long as it worked. */
function stage(from: number, to: number | null, rest: Partial<StageView> = {}): StageView {
  const iso = (seconds: number) => new Date(START + 1000 * seconds).toISOString();
  const finishedAt = to === null ? null : iso(to);
  return { startedAt: iso(from), finishedAt, status: 'done', seconds: 0, ...rest } as StageView;
}

const someStages = fc
  .array(fc.tuple(fc.nat(1e6), fc.oneof(fc.nat(100), fc.nat(1e5))), { minLength: 1, maxLength: 9 })
  .map((spans) => spans.map(([from, length]) => stage(from, from + length)));

describe('the time axis of a run', () => {
  test('keeps every bar and tick on the line, and what starts later is not to the left', () => {
    fc.assert(
      fc.property(someStages, (stages) => {
        const { barOf, ticks } = timeScale(stages, START);
        const sorted = stages.toSorted((one, other) => one.startedAt.localeCompare(other.startedAt));
        const bars = sorted.map(barOf);
        bars.forEach(({ left, width }, index) => {
          expect(left).toBeGreaterThanOrEqual((bars[index - 1]?.left ?? 0) - 1e-9);
          expect(left + width).toBeLessThanOrEqual(100 + 1e-9);
          expect(width).toBeGreaterThanOrEqual(0);
        });
        expect(ticks.length).toBeGreaterThan(0);
        expect(ticks.length).toBeLessThanOrEqual(7);
        ticks.forEach(({ left }, index) => {
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left).toBeLessThanOrEqual(100 + 1e-9);
          if (index > 0) expect(left).toBeGreaterThan(ticks[index - 1]?.left ?? 0);
        });
      }),
      { numRuns: 500 },
    );
  });

  test('gives bars lengths as their times are', () => {
    const [one, two, three] = [stage(0, 100), stage(100, 400), stage(410, 500)];
    const { barOf, ticks } = timeScale([three, one, two], START);
    expect([one, two, three].map(barOf)).toEqual([
      { left: 0, width: 20 },
      { left: 20, width: 60 },
      { left: 82, width: 18 },
    ]);
    expect(ticks.slice(1).map(({ text }) => text)).toEqual(['+2 min', '+4 min', '+6 min', '+8 min']);
  });

  test('cuts a long pause short, and says when it went on', () => {
    const stages = [stage(0, 1000), stage(100_000, 101_000)];
    const { barOf, ticks } = timeScale(stages, START);
    const [before, after] = stages.map(barOf);
    expect(before?.width).toBeCloseTo(100 / 2.1);
    expect(after?.width).toBeCloseTo(100 / 2.1);
    expect(ticks.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^\d\d-\d\d \d\d:\d\d$/),
      expect.stringMatching(/^… \d\d-\d\d \d\d:\d\d$/),
    ]);
  });

  test('leaves a pause as it is that is short beside the work', () => {
    const stages = [stage(0, 1000), stage(1200, 2000)];
    expect(stages.map(timeScale(stages, START).barOf)[1]).toEqual({ left: 60, width: 40 });
  });

  test('ends what is under way now, and what was stopped after its work', () => {
    const live = [stage(0, 50), stage(50, null, { status: 'running', seconds: 1 })];
    expect(live.map(timeScale(live, START + 100_000).barOf)[1]).toEqual({ left: 50, width: 50 });
    const stopped = [stage(0, 50), stage(50, null, { status: 'failed', seconds: 150 })];
    expect(stopped.map(timeScale(stopped, START + 9e9).barOf)[1]).toEqual({ left: 25, width: 75 });
    expect(timeScale([], START).ticks.length).toBeGreaterThan(0);
  });
});

describe('smoothing', () => {
  const values = fc.array(fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: null }));

  test('keeps gaps and the place of each value, and stays within the values before', () => {
    fc.assert(
      fc.property(values, (raw) => {
        const made = smooth(raw);
        expect(made.map((value) => value === null)).toEqual(raw.map((value) => value === null));
        made.forEach((value, index) => {
          const seen = raw.slice(0, index + 1).filter((each) => each !== null);
          if (value === null) return;
          expect(value).toBeGreaterThanOrEqual(Math.min(...seen) - 1e-6);
          expect(value).toBeLessThanOrEqual(Math.max(...seen) + 1e-6);
        });
      }),
    );
  });

  test('starts at the first value, and a gap does not count', () => {
    expect(smooth([])).toEqual([]);
    const [, first, gap, second] = smooth([null, 1, null, 4]);
    expect([first, gap]).toEqual([1, null]);
    expect(second).toBeCloseTo((0.16 * 1 + 0.2 * 4) / 0.36);
  });
});

describe('the curves', () => {
  const named = CURVES.flatMap(({ lines }) => lines.map(([name]) => name));

  test('show each number in one group, whatever a trainer reports', () => {
    expect(new Set(named).size).toBe(named.length);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(fc.constantFrom(...named), fc.string(), fc.constant('__proto__'))),
        (names) => {
          const others = otherGroups(new Set(names)).flatMap(({ lines }) => lines.map(([name]) => name));
          expect(others).toEqual(names.filter((name) => !named.includes(name)));
        },
      ),
    );
    expect(otherGroups(['x'])).toMatchObject([{ title: 'x', aside: true, lines: [['x', 'x']] }]);
  });
});
