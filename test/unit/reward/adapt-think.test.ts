import { expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import type { Verdict } from '../../../orchestrator/records/index.js';
import { adaptThinkReward } from '../../../orchestrator/reward/index.js';

const WEIGHTS = { first: 0, second: 1, format: 0.5, fallback: 0.3, correctThreshold: 0.7 };
const verdict = (value: number | null): Verdict => ({
  ...{ value, correct: value === null ? null : value === 1, state: value === null ? 'timeout' : 'graded' },
  normalised: null,
});
const rewardOf = (text: string, value: number | null, delta = 0.05) => {
  const trace = parseCompletion({ text, logprobs: [], tokenEnds: [], finishReason: 'stop' }, 'adapt-think');
  return adaptThinkReward(trace, { first: null, second: verdict(value) }, WEIGHTS, delta);
};

test('a direct reply earns δ beside answer and format, right or wrong', () => {
  expect(rewardOf('\\boxed{A}', 1)).toEqual({ first: 0, second: 1, format: 1, fallback: 0, direct: 0.05, total: 1.55 });
  expect(rewardOf('\\boxed{A}', 0)?.total).toBe(0.55);
});

test('a reply that thinks earns none, cut off or badly laid out as it may be', () => {
  expect(rewardOf('<think>x</think>\\boxed{A}', 1)).toMatchObject({ direct: 0, total: 1.5 });
  expect(rewardOf('<think>x', 0)).toMatchObject({ direct: 0, total: 0 });
  expect(rewardOf('\\boxed{A}<think>x</think>\\boxed{A}', 1)).toMatchObject({ direct: 0, format: 0, total: 1 });
});

test('a grader that failed leaves no reward', () => {
  expect(rewardOf('\\boxed{A}', null)).toBeNull();
});
