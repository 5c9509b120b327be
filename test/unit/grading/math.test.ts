import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import { equalDecimals, parseDecimal } from '../../../orchestrator/grading/decimal.js';
import { gradeMany, gradeTrace, type MathItem, type MathResult } from '../../../orchestrator/grading/index.js';
import { compareMath } from '../../../orchestrator/grading/math.js';
import { readMath } from '../../../orchestrator/grading/math-text.js';
import { FALLBACK_SENTENCE } from '../../../orchestrator/records/index.js';
import { costGrowsLinearly } from '../../fixtures/cost.js';
import { noVerifier, promptOf, realVerifier } from '../../fixtures/grading.js';

function traceOf(first: string, second = first) {
  const text = `\\boxed{${first}}<think>x</think>\\boxed{${second}}`;
  return parseCompletion({ text, logprobs: [], tokenEnds: [], finishReason: 'stop' }, 'answer-twice');
}

const answering = (result: MathResult) => vi.fn(async (items: MathItem[]) => items.map(() => result));
const graded = (equal: boolean): MathResult => ({ equal, state: 'graded', normalised: 'n' });

describe('decided without the verifier', () => {
  test.each([
    ['3', '3.0', true],
    ['3', '+3', true],
    ['-3', '−3', true],
    ['1000000', '1,000,000', true],
    ['1000000', '1 000 000', true],
    ['1000000', '10^6', true],
    ['1500', '1.5 \\times 10^{3}', true],
    ['0.1', '.1', true],
    ['0.30000000000000000001', '0.3', false],
    ['7', '\\(7\\)', true],
    ['7', '$7$', true],
    ['7', '**7**', true],
    ['7', '\\text{7}', true],
    ['7', 'The answer is 7', true],
    ['x=3', 'y=3', false],
    ['x=3', '3', true],
    ['5 m', '5 meters', true],
    ['5 m/s', '5\\text{ meters per second}', true],
    ['5 m', '5', true],
    ['5 apples', '5', true],
    ['5 apples', '5 pears', false],
    ['20', '\\$20', true],
    ['$20', '20 dollars', true],
    ['5 \\text{cm}^2', '5 square centimeters', true],
    ['5 cm', '5 cm^2', false],
    ['90', '90°', true],
    ['0.5', '0.5%', false],
    ['50%', '0.5', true],
    ['50%', '50', true],
    ['12%', '12\\%', true],
    ['12%', '13\\%', false],
    ['10', '10, 20', null],
    ['10 or 20', '10 or 20', true],
    ['\\frac{1}{2}', '\\frac{-2}{-4}', true],
    ['\\frac12', '1/2', null],
    ['-\\frac{1}{2}', '\\frac{1}{-2}', true],
    ['-\\frac{1}{2}', '1/2', false],
    ['\\dfrac{6}{3}', '2', true],
    ['\\frac{1}{3}', '0.333', null],
    ['\\frac{1}{0}', '\\frac{2}{0}', null],
    ['1/2', '2/4', true],
    ['1 1/2', '3/2', null],
    ['listen', 'silent', false],
    ['42', 'Cartoonish', false],
    ['Cartoonish', '42', false],
    ['Cartoonish', '\\text{cartoonish}.', true],
  ])('gold %s, answer %s: %s', (gold, answer, correct) => {
    const comparison = compareMath(gold, answer);
    expect('verdict' in comparison ? comparison.verdict.correct : null).toBe(correct);
  });

  test.each(['Cartoonish', '', '9'.repeat(1001), '   '])('%j is no number: unparsed', (answer) => {
    expect(compareMath('42', answer)).toMatchObject({ verdict: { state: 'unparsed', value: 0 } });
  });

  test('numbers are compared exactly at any size', () => {
    const digits = fc.stringMatching(/^[1-9]\d{0,40}$/);
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 8 }), (value, zeros) => {
        const [a, b] = [parseDecimal(value), parseDecimal(`${value}.${'0'.repeat(zeros)}`)];
        expect(a && b && equalDecimals(a, b)).toBe(true);
        const other = parseDecimal(`${value}1`);
        expect(a && other && equalDecimals(a, other)).toBe(false);
      }),
    );
  });
});

describe('one form', () => {
  const part = fc.constantFrom(
    '1',
    '23',
    '.5',
    ' ',
    ',',
    '\\frac{1}{2}',
    'x',
    '=',
    '+',
    '\\pi',
    ' cm',
    '%',
    '$',
    '(',
    ')',
    '{,}',
    '^{2}',
    ' or ',
    '−',
    'e3',
    '.',
  );
  const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));

  test('reading the body again changes nothing', () => {
    fc.assert(
      fc.property(text, (value) => {
        const { body, unit, percent, name, alternatives } = readMath(value);
        fc.pre(unit === null && !percent && name === null && !alternatives);
        expect(readMath(body).body).toBe(body);
      }),
      { numRuns: 500 },
    );
  });

  test('every answer equals itself or is none', () => {
    fc.assert(
      fc.property(text, (value) => {
        const comparison = compareMath(value, value);
        expect('verdict' in comparison && (comparison.verdict.correct || comparison.verdict.state === 'unparsed')).toBe(
          true,
        );
      }),
      { numRuns: 500 },
    );
  });

  test.each(['1', '(', '{', '\\frac', '1 cm ', ' ', '1,', '\\text{', '%', '^', 'ab ', '\\%', 'or '])(
    '%j repeated costs in proportion',
    (piece) => {
      expect(costGrowsLinearly((size) => compareMath('3', piece.repeat(size)), 5_000)).toBe(true);
    },
  );
});

describe('gradeMany', () => {
  const options = (verifyMath: typeof realVerifier) => ({ verifyMath, correctThreshold: 0.7 });
  const prompt = promptOf('math', 'x^2');

  test('both boxes of all traces go in one call, each pair once', async () => {
    const verify = answering(graded(true));
    const traces = [traceOf('x x', 'y'), traceOf('y'), traceOf('x x')];
    const verdicts = await gradeMany(
      traces.map((trace) => ({ prompt, trace })),
      options(verify),
    );
    expect(verify).toHaveBeenCalledTimes(1);
    expect(verify.mock.calls[0]?.[0]).toEqual([
      { gold: 'x^2', answer: 'x x' },
      { gold: 'x^2', answer: 'y' },
    ]);
    expect(verdicts.flatMap(({ first, second }) => [first?.correct, second?.correct])).toEqual(Array(6).fill(true));
  });

  test('plain integers need no verifier, nor does the fallback sentence', async () => {
    const trace = traceOf(FALLBACK_SENTENCE, '12');
    const verdicts = await gradeTrace(promptOf('math', '12'), trace, options(noVerifier));
    expect(verdicts).toMatchObject({ first: { state: 'unparsed', value: 0 }, second: { correct: true } });
  });

  test.each(['timeout', 'error'] as const)('a %s is neither right nor wrong', async (state) => {
    const verify = answering({ equal: null, state, normalised: null });
    const { first } = await gradeTrace(prompt, traceOf('y'), options(verify));
    expect(first).toEqual({ value: null, correct: null, state, normalised: null });
  });

  test('a verifier that answers too little is an error, not a wrong answer', async () => {
    const { first } = await gradeTrace(
      prompt,
      traceOf('y'),
      options(async () => []),
    );
    expect(first).toMatchObject({ state: 'error', correct: null });
  });

  test('what the verifier cannot read is wrong', async () => {
    const verify = answering({ equal: false, state: 'unparsed', normalised: null });
    expect((await gradeTrace(prompt, traceOf('}{'), options(verify))).first).toMatchObject({
      state: 'unparsed',
      value: 0,
    });
  });

  test('a percent sign on one side asks for both readings, and one equal is enough', async () => {
    const verify = vi.fn(async (items: MathItem[]) => items.map(({ answer }) => graded(answer.includes('100'))));
    const { first } = await gradeTrace(promptOf('math', '\\frac{1}{4}'), traceOf('\\frac{50}{2}\\%'), options(verify));
    expect(first?.correct).toBe(true);
    expect(verify.mock.calls[0]?.[0]).toHaveLength(2);
  });

  test('by the real math-verify: algebra, sets, what cannot be read and what is too large', async () => {
    const cases = [
      ['(x+1)^2', 'x^2+2x+1', true, 'graded'],
      ['\\frac{1}{4}', '\\frac{50}{2}\\%', true, 'graded'],
      ['10, 20', '20 and 10', true, 'graded'],
      ['10 or 20', '20 or 10', true, 'graded'],
      ['3.5', '3 1/2', true, 'graded'],
      ['\\sqrt{2}', 'sqrt(2)', true, 'graded'],
      ['2\\pi', '2π', true, 'graded'],
      ['\\pm 2', '2 or -2', true, 'graded'],
      ['3', '5 +', false, 'unparsed'],
      ['3', '9^{9^{9^{9}}}', null, 'error'],
    ] as const;
    const items = cases.map(([gold, answer]) => ({ prompt: promptOf('math', gold), trace: traceOf(answer) }));
    const verdicts = await gradeMany(items, options(realVerifier));
    expect(verdicts.map(({ first }) => [first?.correct, first?.state])).toEqual(
      cases.map(([, , correct, state]) => [correct, state]),
    );
  });

  test('fractions decided here are what the real math-verify says', async () => {
    const number = fc.integer({ min: -40, max: 40 });
    const fraction = fc.tuple(number, number).map(([a, b]) => `\\frac{${a}}{${b}}`);
    const text = fc.oneof(fraction, number.map(String));
    const pairs = fc.sample(fc.tuple(fraction, text), { numRuns: 300, seed: 3 });
    // Equal ones are rare by chance.
    const doubled = pairs.map(
      ([gold]) => [gold, gold.replaceAll(/\d+/g, (digits) => String(2 * Number(digits)))] as const,
    );
    const ours = [...pairs, ...doubled].flatMap(([gold, answer]) => {
      const comparison = compareMath(gold, answer);
      return 'verdict' in comparison ? [{ gold, answer, correct: comparison.verdict.correct }] : [];
    });
    expect(ours.length).toBeGreaterThan(550);
    expect(ours.filter(({ correct }) => correct).length).toBeGreaterThan(280);
    const theirs = await realVerifier(ours.map(({ gold, answer }) => ({ gold, answer })));
    expect(ours.filter(({ correct }, index) => theirs[index]?.equal !== correct)).toEqual([]);
  });
});
