import { expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import type { ExitRecord, Trace } from '../../../orchestrator/records/index.js';
import { csvOf, type LiveRow, liveCheck, type SweepRow, split } from '../../../orchestrator/sweep/index.js';

/** One token a character; `logprob` is that of each token in the first box. */
function traceOf(text: string, logprob: number): Trace {
  const logprobs = [...text].map(() => logprob);
  const tokenEnds = [...text].map((_, index) => index + 1);
  return parseCompletion({ text, logprobs, tokenEnds, finishReason: 'stop' }, 'answer-twice');
}

const right = { first: null, second: null };
const graded = (correct: boolean) => ({ ...right.first, state: 'graded' as const, correct, value: Number(correct) });

function question(
  id: string,
  full: string,
  made: string,
  exit: ExitRecord,
  verdicts = { first: true, second: true },
): LiveRow {
  const both = { first: graded(verdicts.first), second: graded(verdicts.second) } as never;
  return {
    id,
    benchmark: 'b',
    recorded: { trace: traceOf(full, -0.01), verdicts: both },
    live: { trace: traceOf(made, -0.01), verdicts: both, exit },
  };
}

const exited = (confidence: number): ExitRecord => ({ mode: 'engine', exited: true, confidence, wastedTokens: 1 });
const thought = (confidence: number): ExitRecord => ({ mode: 'engine', exited: false, confidence, wastedTokens: 0 });
const FULL = '\\boxed{A}<think>hm</think>\\boxed{B}';
const SURE = Math.exp(-0.01);

test('compares what the engine answered with what the traces promise', () => {
  const rows = [
    question('same', FULL, '\\boxed{A}', exited(SURE), { first: true, second: false }),
    question('late', FULL, FULL, thought(0.5), { first: true, second: false }),
  ];
  const check = liveCheck(rows, 0.9);
  expect(check).toMatchObject({
    n: 2,
    predicted: { accuracy: 1, thinkRatio: 0, meanTokens: 9 },
    live: { accuracy: 0.5, thinkRatio: 0.5, meanTokens: (9 + FULL.length) / 2 },
    same: 1,
    different: [{ id: 'late', benchmark: 'b' }],
    modes: { engine: 2 },
    wastedTokens: 1,
  });
  expect(check?.confidenceError).toBeCloseTo(SURE - 0.5, 9);
});

test('has nothing to say of nothing', () => {
  expect(liveCheck([], 0.9)).toBeNull();
});

test('a frontier as CSV: a line a point, empty where nothing is defined', () => {
  const point = { accuracy: 0.5, thinkRatio: 1, meanTokens: 40, exitAccuracy: null, thinkRecall: 1 };
  expect(csvOf({ 'a,"b"': [{ threshold: 1.000001, ...point }], all: [] })).toBe(
    'benchmark,threshold,accuracy,think_ratio,mean_tokens,exit_accuracy,think_recall\n"a,""b""",1.000001,0.5,1,40,,1\n',
  );
});

test('questions about one video are held out together', () => {
  const answer = { value: 1, tokens: 3 };
  const rows: SweepRow[] = Array.from({ length: 60 }, (_, id) => ({
    ...{ id: String(id), benchmark: 'b', cluster: `video ${id % 12}`, confidence: 0.5, first: answer, second: answer },
  }));
  const { choosing, reporting, heldOut } = split(rows, { holdout: 0.25, seed: 1 });
  expect([choosing.length, reporting.length, heldOut]).toEqual([45, 15, true]);
  const clusters = new Set(choosing.map((row) => row.cluster));
  expect(reporting.some((row) => clusters.has(row.cluster))).toBe(false);
  expect(split(rows.slice(0, 1), { holdout: 0.5, seed: 1 })).toMatchObject({ heldOut: false });
});
