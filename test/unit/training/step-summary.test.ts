import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FALLBACK_SENTENCE as FALLBACK } from '../../../orchestrator/records/fallback.js';
import type { RolloutRow } from '../../../orchestrator/store/index.js';
import { summarise } from '../../../orchestrator/training/step-summary.js';
import { rowOf } from '../store/rows.js';

const NO_BOX = { first: null, second: null };

function withFallbacks(row: RolloutRow, secondToo: boolean): RolloutRow {
  const { trace } = row;
  const box = (text: string) => ({ text, charStart: 0, charEnd: 1, tokenStart: 0, tokenEnd: 1 });
  const second = box(secondToo ? FALLBACK : 'B');
  const reward = row.reward && { ...row.reward, fallback: secondToo ? 0 : 0.3 };
  return { ...row, reward, trace: { ...trace, first: box(FALLBACK), second, fallback: true, confidence: null } };
}

describe('the summary of a step', () => {
  it('has both answers, format, thinking and the share of groups without difference', () => {
    const rows = [rowOf('p0', 0, true), rowOf('p0', 1, false), rowOf('p1', 0, true), rowOf('p1', 1, true)];
    expect(summarise(rows, 'answer-twice')).toEqual({
      ...{ first_reward: 0, first_correct: 0, second_reward: 0.75, second_correct: 0.75 },
      ...{ format_rate: 1, fallback_rate: 0, bonus_rate: 0, both_fallback: 0, confidence: Math.exp(-0.25) },
      ...{ think_tokens: 1, empty_think: 0, zero_variance: 0.5 },
    });
  });

  it('leaves out what the grader failed on, and counts a missing answer as a wrong one', () => {
    const missing = { ...rowOf('p0', 1), verdicts: NO_BOX, reward: { ...NOTHING } };
    const { second_correct, second_reward, format_rate } = summarise(
      [rowOf('p0', 0, true), missing, rowOf('p0', 2, null)],
      'answer-twice',
    );
    expect({ second_correct, second_reward }).toEqual({ second_correct: 0.5, second_reward: 0.5 });
    expect(format_rate).toBe(1);
  });

  it('tells an honest fallback from one that answers nothing', () => {
    const rows = [withFallbacks(rowOf('p0', 0), false), withFallbacks(rowOf('p0', 1), true)];
    const { fallback_rate, bonus_rate, both_fallback, confidence } = summarise(rows, 'answer-twice');
    expect({ fallback_rate, bonus_rate, both_fallback }).toEqual({
      fallback_rate: 1,
      bonus_rate: 0.5,
      both_fallback: 0.5,
    });
    expect(confidence).toBeUndefined();
  });

  it('counts think blocks that are empty among those that there are', () => {
    const think = (text: string | null) => {
      const row = rowOf('p0', 0);
      return { ...row, trace: { ...row.trace, think: text } };
    };
    expect(summarise([think(' \n'), think('It is red.'), think(null)], 'cot').empty_think).toBe(0.5);
    expect(summarise([think(null)], 'cot')).not.toHaveProperty('empty_think');
  });

  it('tells no tokens of thinking where they were not counted', () => {
    const row = rowOf('p0', 0);
    const uncounted = { ...row, rollout: { ...row.rollout, tokenEnds: [] } };
    expect(summarise([uncounted], 'answer-twice')).not.toHaveProperty('think_tokens');
  });

  it('of a model that chooses whether to think tells how right each half is', () => {
    const direct = (correct: boolean, index: number): RolloutRow => {
      const row = rowOf('p0', index, correct);
      return { ...row, trace: { ...row.trace, think: null } };
    };
    const rows = [direct(true, 0), direct(false, 1), rowOf('p0', 2, true), rowOf('p0', 3, true)];
    expect(summarise(rows, 'adapt-think')).toMatchObject({ direct_rate: 0.5, direct_correct: 0.5, think_correct: 1 });
    expect(summarise(rows, 'adapt-think')).not.toHaveProperty('first_correct');
    expect(summarise(rows, 'cot')).not.toHaveProperty('direct_rate');
  });

  it.each(['cot', 'direct'] as const)('of %s tells nothing of a first answer', (mode) => {
    expect(Object.keys(summarise([rowOf('p0', 0)], mode)).filter((name) => /first|fallback|bonus/.test(name))).toEqual(
      [],
    );
  });

  it('does not depend on the order of the rollouts, and shares lie between 0 and 1', () => {
    const row = fc.record({ prompt: fc.nat(4), correct: fc.constantFrom(true, false, null) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (made) => {
        const rows = made.map(({ prompt, correct }, index) => rowOf(`p${prompt}`, index, correct));
        const [one, other] = [summarise(rows, 'answer-twice'), summarise(rows.toReversed(), 'answer-twice')];
        for (const [name, value] of Object.entries(one)) expect(other[name]).toBeCloseTo(value, 12);
        for (const name of ['second_correct', 'format_rate', 'zero_variance'])
          if (name in one) expect(one[name]).toSatisfy((share: number) => share >= 0 && share <= 1);
      }),
    );
  });
});

const NOTHING = { first: 0, second: 0, format: 0, fallback: 0, total: 0 };
