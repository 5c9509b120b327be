import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradeGqa } from '../../../orchestrator/grading/gqa.js';
import { bestIou, parseGrounded, parseSpan, temporalIop, temporalIou } from '../../../orchestrator/grading/index.js';
import { gradeIou } from '../../../orchestrator/grading/iou.js';
import type { Span } from '../../../orchestrator/records/index.js';
import { costGrowsLinearly } from '../../fixtures/cost.js';

const span = fc
  .tuple(fc.double({ min: 0, max: 1e4, noNaN: true }), fc.double({ min: 0, max: 1e4, noNaN: true }))
  .map(([a, b]): Span => [Math.min(a, b), Math.max(a, b)]);

describe('parseSpan', () => {
  test.each([
    ['[1,200]', [1, 200]],
    ['[1,234.5, 1,300]', [1234.5, 1300]],
    ['12.5,20.3', [12.5, 20.3]],
    ['12,20', null],
    ['[-3, 5]', null],
    ['from -3 to 5', null],
    ['10 - 20 - 30', null],
    ['[10-20, 30-40]', [10, 20]],
    ['2 min to 3 min', [120, 180]],
    ['\\left[ 12, 20 \\right]', [12, 20]],
    ['$[12, 20]$', [12, 20]],
    ['[[12, 20]]', [12, 20]],
    ['starts at 3 and ends at 5 seconds', [3, 5]],
    ['1:99 - 2:00', null],
    ['12.5', null],
    ['v2 to v3', null],
    ['', null],
  ])('%j is %j', (text, expected) => {
    expect(parseSpan(text)?.span ?? null).toEqual(expected);
  });

  test('what is written in seconds with one decimal is read back', () => {
    const tenths = fc.integer({ min: 0, max: 99_999 }).map((value) => value / 10);
    const form = fc.constantFrom<(a: string, b: string) => string>(
      (a, b) => `[${a}, ${b}]`,
      (a, b) => `(${a},${b})`,
      (a, b) => `${a} to ${b}`,
      (a, b) => `from ${a}s to ${b}s.`,
      (a, b) => `${a} – ${b}`,
    );
    fc.assert(
      fc.property(tenths, tenths, form, (a, b, write) => {
        const parsed = parseSpan(write(a.toFixed(1), b.toFixed(1)));
        expect(parsed).toEqual({ span: [Math.min(a, b), Math.max(a, b)], swapped: a > b });
      }),
    );
  });

  test('the short way of reading the usual form reads it as the long one does', () => {
    const time = fc.stringMatching(/^[0-9]{1,17}(?:\.[0-9]{1,17})?$/);
    const form = fc.constantFrom<(a: string, b: string) => string>(
      (a, b) => `[${a}, ${b}]`,
      (a, b) => `[${a},${b}]`,
    );
    fc.assert(
      fc.property(time, time, form, (a, b, write) => {
        // White space in front is enough to go the long way.
        expect(parseSpan(write(a, b))).toEqual(parseSpan(` ${write(a, b)}`));
      }),
      { numRuns: 500 },
    );
  });

  test('reading what was read changes nothing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.,:\- to[\]()s~]{0,24}$/), (text) => {
        const parsed = parseSpan(text);
        if (parsed) expect(parseSpan(`[${parsed.span[0]}, ${parsed.span[1]}]`)?.span).toEqual(parsed.span);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['1 ', '1 - ', '[', '[1, ', '[1,2],', ',', '1:', 'start ', '$', '1,234,'])(
    '%j repeated costs in proportion',
    (piece) => {
      expect(costGrowsLinearly((size) => parseSpan(piece.repeat(size)), 5_000)).toBe(true);
    },
  );
});

describe('overlap', () => {
  test('IoU lies in [0, 1], is symmetric, and is 1 for the same span', () => {
    fc.assert(
      fc.property(span, span, (a, b) => {
        const iou = temporalIou(a, b);
        expect(iou).toBeGreaterThanOrEqual(0);
        expect(iou).toBeLessThanOrEqual(1);
        expect(temporalIou(b, a)).toBe(iou);
        if (a[1] > a[0]) expect(temporalIou(a, a)).toBe(1);
        expect(temporalIop(a, b)).toBeLessThanOrEqual(1);
        expect(bestIou(a, [b, a])).toBeGreaterThanOrEqual(iou);
      }),
    );
  });

  test('touching and empty spans share nothing', () => {
    expect(temporalIou([0, 5], [5, 9])).toBe(0);
    expect(temporalIou([5, 5], [5, 5])).toBe(0);
    expect(temporalIop([5, 5], [0, 9])).toBe(0);
    expect(bestIou([1, 2], [])).toBe(0);
  });
});

describe('grounding verdicts', () => {
  test('right from the threshold on', () => {
    const prompt = { spans: [[0, 10]] as Span[] };
    expect(gradeIou(prompt, '[0, 7]', 0.7)).toMatchObject({ value: 0.7, correct: true });
    expect(gradeIou(prompt, '[0, 6.9]', 0.7).correct).toBe(false);
    expect(gradeIou(prompt, '[9, 1]', 0.7).normalised).toBe('[1, 9] (ends swapped)');
  });

  test('the best of several gold spans counts', () => {
    expect(
      gradeIou(
        {
          spans: [
            [0, 10],
            [40, 50],
          ],
        },
        '40 to 50',
        0.7,
      ).value,
    ).toBe(1);
  });

  test('a wrong letter with the right span is worth its IoU and is wrong', () => {
    const prompt = { answer: 'C', options: ['x', 'y', 'z'], spans: [[10, 20]] as Span[] };
    expect(gradeGqa(prompt, 'A <> [10, 20]', 0.7)).toMatchObject({ value: 1, correct: false });
    expect(gradeGqa(prompt, 'C <> [10, 12]', 0.7)).toMatchObject({ value: 1.2, correct: false });
    expect(parseGrounded('nothing')).toEqual({ letter: null, span: null });
  });
});
