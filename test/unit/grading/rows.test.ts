import { beforeAll, describe, expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import { gradeMany, gradeTrace, parseSpan } from '../../../orchestrator/grading/index.js';
import type { ProblemType, Prompt, Span, Trace, Verdict, Verdicts } from '../../../orchestrator/records/index.js';
import { dualAnswerReward } from '../../../orchestrator/reward/index.js';
import { cases, casesOf, noVerifier, promptOf, realVerifier } from '../../fixtures/grading.js';

const WEIGHTS = { first: 0.9, second: 1.1, format: 1, fallback: 0.3, correctThreshold: 0.7 };
const options = { verifyMath: noVerifier, correctThreshold: 0.7 };

function traceOf(completion: string): Trace {
  return parseCompletion({ text: completion, logprobs: [], tokenEnds: [], finishReason: 'stop' }, 'answer-twice');
}

/** The verdict of a boxed answer. */
async function verdict(prompt: Prompt, answer: string): Promise<Verdict | null> {
  return (await gradeTrace(prompt, traceOf(`\\boxed{${answer}}`), options)).first;
}

test('every row of the contract has a case', () => {
  expect([...new Set(cases.map(({ row }) => row))].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 94 }, (_, index) => index + 1),
  );
});

describe('choices and texts (rows 22 to 39)', () => {
  test.each(casesOf('choice'))('row $row: $answer for $gold', async ({ gold, answer, options: texts, correct }) => {
    const graded = await verdict(promptOf('exact_match', gold, { options: texts }), answer);
    expect(graded?.correct).toBe(correct);
    expect(graded?.value).toBe(Number(correct));
  });
});

describe('math by the real math-verify (rows 40 to 58)', () => {
  const rows = casesOf('math');
  let verdicts: Verdicts[] = [];
  beforeAll(async () => {
    const items = rows.map(({ gold, answer }) => ({
      prompt: promptOf('math', gold),
      trace: traceOf(`\\boxed{${answer}}`),
    }));
    verdicts = await gradeMany(items, { verifyMath: realVerifier, correctThreshold: 0.7 });
  });

  test.each(rows.map((row, index) => ({ ...row, index })))('row $row: $answer for $gold', ({ index, correct }) => {
    expect(verdicts[index]?.first?.correct).toBe(correct);
    expect(verdicts[index]?.first?.state).toBe('graded');
  });
});

describe('time spans (rows 59 to 75)', () => {
  test.each(casesOf('span'))('row $row: $text', ({ text, span, swapped }) => {
    expect(parseSpan(text)).toEqual(span === null ? null : { span, swapped });
  });

  test.each(casesOf('iou'))('row $row: $answer in $spans', async ({ spans, answer, value, state }) => {
    expect(await verdict(promptOf('iou', '', { spans }), answer)).toMatchObject({
      value,
      state,
      correct: value >= 0.7,
    });
  });
});

describe('grounded answers (rows 76 to 79)', () => {
  test.each(casesOf('gqa'))('row $row: $answer', async ({ gold, options: texts, spans, answer, value, state }) => {
    const graded = await verdict(promptOf('gqa', gold, { options: texts, spans }), answer);
    expect(graded).toMatchObject({ value, state, correct: value === 2 });
  });
});

describe('total reward (rows 80 to 89)', () => {
  interface Row {
    readonly problemType: ProblemType;
    readonly gold: string;
    readonly options?: string[];
    readonly spans?: Span[];
  }
  const promptFor = ({ problemType, gold, options: texts, spans }: Row) =>
    promptOf(problemType, gold, { options: texts, spans });

  test.each(casesOf('reward'))('row $row: $completion is worth $total', async (row) => {
    const trace = traceOf(row.completion);
    const verdicts = await gradeTrace(promptFor(row), trace, options);
    const reward = dualAnswerReward(trace, verdicts, WEIGHTS, 'answer-twice');
    expect(reward?.total).toBeCloseTo(row.total, 12);
    const { first = 0, second = 0, format = 0, fallback = 0 } = reward ?? {};
    expect(0.9 * first + 1.1 * second + format + fallback).toBeCloseTo(row.total, 12);
  });
});
