import { describe, expect, it } from 'vitest';
import { watchForSigns } from '../../../orchestrator/training/alarms.js';

/** Kinds of alarms by step, from 1, when the number goes through these values. */
function ringing(name: string, values: readonly number[]) {
  const look = watchForSigns();
  return values.flatMap((value, index) => look({ [name]: value }).map(({ kind }) => [index + 1, kind]));
}

const steady = (value: number, count = 5) => Array.from({ length: count }, () => value);

describe('alarms', () => {
  it.each([
    ['format_rate', [...steady(0.9, 8), ...steady(0.1)], [[11, 'format-collapse']]],
    ['format_rate', [...steady(0.05), ...steady(0)], []],
    ['format_rate', [...steady(0.3), ...steady(0.9)], []],
    ['entropy', [...steady(1), ...steady(0.01, 6)], [[10, 'entropy-collapse']]],
    ['entropy', [...steady(1), ...steady(0.3, 20)], []],
    ['zero_variance', steady(1), [[5, 'nothing-to-learn']]],
    ['zero_variance', [1, 1, 1, 1, 0.5, 0.5], []],
    ['both_fallback', steady(0.6), [[5, 'both-fallback']]],
    ['empty_think', [0, ...steady(0.9)], [[5, 'empty-think']]],
    ['truncated', steady(0.8), [[5, 'truncation']]],
  ] as const)('%s %j', (name, values, expected) => {
    expect(ringing(name, values)).toEqual(expected);
  });

  it('ring once, and again only when they were gone', () => {
    expect(ringing('truncated', [...steady(1, 9), ...steady(0), ...steady(1)])).toEqual([
      [5, 'truncation'],
      [17, 'truncation'],
    ]);
  });

  it('wait for rounds: steps without the number count for nothing', () => {
    const look = watchForSigns();
    const rung = [1, 2, 3, 4, 5].flatMap((round) => [...look({ truncated: round > 0 ? 1 : 0 }), ...look({ loss: 1 })]);
    expect(rung.map(({ message }) => message)).toEqual([
      '100% of the completions are cut at train.maxCompletionTokens',
    ]);
  });
});
