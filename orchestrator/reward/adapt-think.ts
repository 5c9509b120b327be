import type { Reward, RewardWeights, Trace, Verdicts } from '../records/index.js';
import { dualAnswerReward, rounded } from './dual-answer.js';

/**
 * The reward of a reply that chooses whether to think (AdaptThink, arXiv 2505.13417): that of its one answer and
 * its format, plus δ when it did not think, right or wrong. The paper takes off the starting policy's mean accuracy on the
 * problem; GRPO takes off the group's mean. Null when the grader failed.
 */
export function adaptThinkReward(
  trace: Trace,
  verdicts: Verdicts,
  weights: RewardWeights,
  delta: number,
): Reward | null {
  const answered = dualAnswerReward(trace, verdicts, weights, 'adapt-think');
  if (answered === null) return null;
  const direct = trace.think === null ? delta : 0;
  return { ...answered, direct, total: rounded(answered.total + direct) };
}
