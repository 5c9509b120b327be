import {
  isFallback,
  type Reward,
  type RewardWeights,
  type Trace,
  type Verdict,
  type Verdicts,
} from '../records/index.js';

/** How the completion was asked for; see answer/. */
export type Mode = 'answer-twice' | 'cot' | 'direct' | 'adapt-think';

/**
 * The dual-answer reward (paper, section 3.2):
 * w1·R(a1) + w2·R(a2) + λ·format + α·[a1 is the fallback and a2 is correct].
 * A missing box earns nothing. In the modes with one answer it carries both weights and there is no fallback bonus,
 * so that rewards of all modes have one scale. Null when a verdict that is needed has no value (the grader failed).
 */
export function dualAnswerReward(trace: Trace, verdicts: Verdicts, weights: RewardWeights, mode: Mode): Reward | null {
  const twice = mode === 'answer-twice';
  const first = twice ? taskReward(verdicts.first) : 0;
  const second = taskReward(verdicts.second);
  if (first === null || second === null) return null;
  const fallback = twice && earnsBonus(trace, verdicts.second) ? weights.fallback : 0;
  const task = twice ? weights.first * first + weights.second * second : (weights.first + weights.second) * second;
  const total = rounded(task + weights.format * trace.format + fallback);
  return { first, second, format: trace.format, fallback, total };
}

/** "Correct" is the verdict's, not "value above 0.7": a wrong letter with a good span earns no bonus. */
function earnsBonus(trace: Trace, second: Verdict | null): boolean {
  return trace.fallback && second?.correct === true && !isFallback(trace.second?.text ?? '');
}

/** Binary fractions leave dust (2.7750000000000004), which would tell equal rewards apart. */
export function rounded(total: number): number {
  return Number(total.toFixed(12));
}

/** The task reward; 0 without a box, null when the grader failed. */
function taskReward(verdict: Verdict | null): number | null {
  return verdict === null ? 0 : verdict.value;
}
