import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../orchestrator/filter/decide.js';

const options = { rollouts: 4, keepGrounding: false };

function tally(text: string, problemType: 'math' | 'iou' = 'math') {
  const count = (mark: string) => text.split(mark).length - 1;
  const [right, graded] = [count('+'), count('+') + count('-')];
  const values = {
    low: count('-') > 0 ? 0 : right > 0 ? 1 : Infinity,
    high: right > 0 ? 1 : graded > 0 ? 0 : -Infinity,
  };
  return { problemType, done: text.length, graded, right, ...values };
}

describe('decide', () => {
  test.each([
    ['', 'more', 0, 0],
    ['+++', 'more', 3, 3],
    ['+-', 'keep', 1, 2],
    ['+-??', 'keep', 1, 2],
    ['++++', 'drop', 4, 4],
    ['----', 'drop', 0, 4],
    ['+++?', 'unknown', 3, 3],
    ['????', 'unknown', 0, 0],
  ])('%s: %s', (marks, decision, correct, total) => {
    expect(decide(tally(marks), options)).toMatchObject({ decision, correct, total });
  });

  test('says why', () => {
    expect(decide(tally('+++-'), options).reason).toBe('3 of 4 right');
    expect(decide(tally('++++'), options).reason).toBe('always right: 4 of 4 right');
    expect(decide(tally('+?'), options).reason).toBe('1 of 1 right; 2 of 4 rollouts done');
    expect(decide(tally('+++?'), options).reason).toBe('3 of 3 right; 1 without a verdict');
    expect(decide(tally('+-', 'iou'), options).reason).toBe('1 of 2 right, values 0.00 to 1.00');
  });

  test('grounding prompts are kept whole when asked to', () => {
    expect(decide(tally('----', 'iou'), { ...options, keepGrounding: true }).decision).toBe('keep');
    expect(decide(tally('----', 'iou'), options).decision).toBe('drop');
    expect(decide(tally('----'), { ...options, keepGrounding: true }).decision).toBe('drop');
  });

  test('an early decision is the decision of all rollouts', () => {
    const mark = fc.constantFrom('+', '-', '?');
    fc.assert(
      fc.property(fc.array(mark, { minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 4 }), (marks, seen) => {
        const early = decide(tally(marks.slice(0, seen).join('')), options).decision;
        const full = decide(tally(marks.join('')), options).decision;
        expect(full).not.toBe('more');
        if (early !== 'more') expect(early).toBe(full);
      }),
    );
  });
});
