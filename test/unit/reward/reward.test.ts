import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCompletion } from '../../../orchestrator/answer/index.js';
import type { Verdict } from '../../../orchestrator/records/index.js';
import { batchAdvantages, dualAnswerReward, groupAdvantages } from '../../../orchestrator/reward/index.js';

const WEIGHTS = { first: 0.9, second: 1.1, format: 1, fallback: 0.3, correctThreshold: 0.7 };
const RIGHT: Verdict = { value: 1, correct: true, state: 'graded', normalised: null };
const WRONG: Verdict = { value: 0, correct: false, state: 'graded', normalised: null };
const FAILED: Verdict = { value: null, correct: null, state: 'timeout', normalised: null };

const traceOf = (text: string, mode: 'answer-twice' | 'cot' | 'direct' = 'answer-twice') =>
  parseCompletion({ text, logprobs: [], tokenEnds: [], finishReason: 'stop' }, mode);
const twice = traceOf('\\boxed{A}<think>x</think>\\boxed{A}');

describe('dualAnswerReward', () => {
  test('says its parts', () => {
    expect(dualAnswerReward(twice, { first: RIGHT, second: WRONG }, WEIGHTS, 'answer-twice')).toEqual({
      ...{ first: 1, second: 0, format: 1, fallback: 0, total: 1.9 },
    });
  });

  test('is null when a needed verdict has no value, and only then', () => {
    for (const [first, second] of [
      [FAILED, RIGHT],
      [RIGHT, FAILED],
      [null, FAILED],
    ] as const)
      expect(dualAnswerReward(twice, { first, second }, WEIGHTS, 'answer-twice')).toBeNull();
    expect(dualAnswerReward(twice, { first: null, second: null }, WEIGHTS, 'answer-twice')?.total).toBe(1);
    const cot = traceOf('<think>x</think>\\boxed{A}', 'cot');
    expect(dualAnswerReward(cot, { first: FAILED, second: RIGHT }, WEIGHTS, 'cot')?.total).toBe(3);
  });

  test('one answer alone carries both weights and earns no bonus', () => {
    const direct = traceOf('\\boxed{A}', 'direct');
    expect(dualAnswerReward(direct, { first: null, second: RIGHT }, WEIGHTS, 'direct')).toEqual({
      ...{ first: 0, second: 1, format: 1, fallback: 0, total: 3 },
    });
  });

  test('never leaves the range that the weights allow', () => {
    const verdict = fc.option(fc.constantFrom(RIGHT, WRONG), { nil: null });
    fc.assert(
      fc.property(verdict, verdict, (first, second) => {
        const reward = dualAnswerReward(twice, { first, second }, WEIGHTS, 'answer-twice');
        expect(reward?.total).toBeGreaterThanOrEqual(0);
        expect(reward?.total).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe('advantages', () => {
  const groups = [
    [3.0, 1.9, 2.1, 0.0],
    [1.0, 1.0, 1.0, 1.0],
    [null, 2.4, 0.9, null],
    [null, null, 1.5, null],
    [null, null, null, null],
  ];

  // Computed with the tensors of TRL 1.16's GRPOTrainer; it trains a rollout without a reward with advantage 0.
  test.each([
    ['group', [0.991236, 0.118948, 0.277546, -1.38773], [0.70704, -0.70704]],
    ['batch', [1.478576, 0.177429, 0.414001, -2.070007], [0.887146, -0.887146]],
    ['none', [1.25, 0.15, 0.35, -1.75], [0.75, -0.75]],
  ] as const)('scaled by %s they are what TRL computes', (scale, first, [better, worse]) => {
    const advantages = batchAdvantages(groups, { scale });
    const expected = [
      first,
      [0, 0, 0, 0],
      [null, better, worse, null],
      [null, null, 0, null],
      [null, null, null, null],
    ];
    advantages.forEach((group, index) => {
      group.forEach((advantage, place) => {
        const value = expected[index]?.[place] ?? null;
        if (value === null) expect(advantage).toBeNull();
        else expect(advantage).toBeCloseTo(value, 5);
      });
    });
  });

  test('sum to zero, keep the order of the rewards, and ignore what has none', () => {
    const reward = fc.option(fc.double({ min: 0, max: 3, noNaN: true }), { nil: null });
    fc.assert(
      fc.property(fc.array(reward, { minLength: 1, maxLength: 16 }), (rewards) => {
        const advantages = groupAdvantages(rewards, { scale: 'group' });
        const known = advantages.filter((value) => value !== null);
        expect(known.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
        expect(advantages.map((value) => value === null)).toEqual(rewards.map((value) => value === null));
        expect(
          groupAdvantages(
            rewards.filter((value) => value !== null),
            { scale: 'group' },
          ),
        ).toEqual(known);
      }),
    );
    expect(groupAdvantages([], { scale: 'none' })).toEqual([]);
  });
});
