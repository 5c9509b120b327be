import type { Recipe } from '../recipe/index.js';
import { groupBy, isFallback } from '../records/index.js';
import { meanOf } from '../statistics/index.js';
import type { RolloutRow } from '../store/index.js';
import { isFlat } from './round.js';

type Mode = Recipe['prompting']['mode'];
type Read = (row: RolloutRow) => number | boolean | null | undefined;

/** Undefined is no answer, which is a wrong one; null is an answer that could not be graded. */
const isRight = (correct: boolean | null | undefined) => (correct === undefined ? false : correct);

const OF_ALL: Readonly<Record<string, Read>> = {
  second_reward: ({ reward }) => reward?.second,
  second_correct: ({ verdicts }) => isRight(verdicts.second?.correct),
  format_rate: ({ trace }) => trace.format,
};
const OF_THINKING: Readonly<Record<string, Read>> = {
  // TRL's own generation tells no offsets, by which tokens are counted.
  think_tokens: ({ rollout, trace }) => (rollout.tokenEnds.length === 0 ? null : trace.tokens.think),
  // Without a think block the format is broken, which format_rate tells.
  empty_think: ({ trace: { think } }) => (think === null ? null : think.trim() === ''),
};
const OF_TWO_ANSWERS: Readonly<Record<string, Read>> = {
  first_reward: ({ reward }) => reward?.first,
  first_correct: ({ verdicts }) => isRight(verdicts.first?.correct),
  fallback_rate: ({ trace }) => trace.fallback,
  bonus_rate: ({ reward }) => reward && reward.fallback > 0,
  both_fallback: ({ trace: { fallback, second } }) => fallback && isFallback(second?.text ?? ''),
  confidence: ({ trace }) => trace.confidence,
};
/** Halves of a group: those that answered at once, those that thought. */
const OF_A_SWITCH: Readonly<Record<string, Read>> = {
  direct_correct: ({ trace, verdicts }) => (trace.think === null ? isRight(verdicts.second?.correct) : null),
  think_correct: ({ trace, verdicts }) => (trace.think === null ? null : isRight(verdicts.second?.correct)),
  direct_rate: ({ trace }) => trace.think === null,
};
const OF_MODE: Readonly<Record<Mode, Readonly<Record<string, Read>>>> = {
  direct: OF_ALL,
  cot: { ...OF_ALL, ...OF_THINKING },
  'adapt-think': { ...OF_ALL, ...OF_A_SWITCH, ...OF_THINKING },
  'answer-twice': { ...OF_TWO_ANSWERS, ...OF_ALL, ...OF_THINKING },
};

/**
 * What the rollouts of a round say about its policy: means over those that have a number, by the names of
 * step-numbers.ts. A rollout whose grader failed is left out of what the grader decides. `zero_variance` is the share of
 * groups all of whose rewards are equal, exactly: TRL's own count calls groups different whose rewards are rounded apart.
 */
export function summarise(rows: readonly RolloutRow[], mode: Mode): Readonly<Record<string, number>> {
  const means = Object.entries(OF_MODE[mode]).flatMap(([name, read]): [string, number][] => {
    const values = rows.map(read).filter((value) => value !== null && value !== undefined);
    return values.length === 0 ? [] : [[name, meanOf(values.map(Number))]];
  });
  const groups = [...groupBy(rows, ({ promptId }) => promptId).values()];
  const flat = groups.filter(isFlat).length;
  return { ...Object.fromEntries(means), ...(groups.length === 0 ? {} : { zero_variance: flat / groups.length }) };
}
