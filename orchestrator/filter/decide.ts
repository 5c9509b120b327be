import type { ProblemType } from '../records/index.js';

/** The rollouts of one prompt so far. */
export interface Tally {
  readonly problemType: ProblemType;
  /** Rollouts that were asked for, whatever came of them. */
  readonly done: number;
  /** Those with a verdict; the engine or the grader failed at the others. */
  readonly graded: number;
  readonly right: number;
  /** Least and largest task reward of those with a verdict; of none of them Infinity and -Infinity. */
  readonly low: number;
  readonly high: number;
}

export interface DecideOptions {
  /** Rollouts after which a prompt is decided at the latest. */
  readonly rollouts: number;
  /** Keep grounding prompts without asking whether they are of use, as the paper does. */
  readonly keepGrounding: boolean;
  /** Distance between the best and the worst value from which the rollouts of a grounding prompt differ; default: by `correct`. */
  readonly spread?: number | undefined;
}

export interface Decision {
  /**
   * keep: the rollouts differ; drop: they do not; unknown: only rollouts that have no verdict could make the difference;
   * more: not decided yet.
   */
  readonly decision: 'keep' | 'drop' | 'unknown' | 'more';
  readonly reason: string;
  /** Right rollouts among the graded ones. */
  readonly correct: number;
  /** Graded rollouts. */
  readonly total: number;
}

/**
 * Whether training can learn from a prompt (paper, appendix A): only when its rollouts differ. One right and one wrong
 * rollout, or two values far enough apart, settle that for good: further rollouts cannot take the difference away. So a
 * prompt may be kept before all rollouts are there, with the same result; dropping needs all of them. (A variance can
 * shrink again and a mean can come back, so neither allows to stop early.)
 */
export function decide(tally: Tally, { rollouts, keepGrounding, spread }: DecideOptions): Decision {
  const { problemType, done, graded, right, low, high } = tally;
  const say = (decision: Decision['decision'], reason: string): Decision => {
    return { decision, reason, correct: right, total: graded };
  };
  const grounding = isGrounding(problemType);
  if (grounding && keepGrounding) return say('keep', 'grounding prompts are kept whole');
  const bySpread = grounding && spread !== undefined;
  const values = grounding && low <= high ? `, values ${low.toFixed(2)} to ${high.toFixed(2)}` : '';
  const count = `${right} of ${graded} right${values}`;
  const differ = bySpread ? Math.max(0, high - low) >= spread : right > 0 && right < graded;
  if (differ) return say('keep', count);
  if (done < rollouts) return say('more', `${count}; ${done} of ${rollouts} rollouts done`);
  if (graded < done) return say('unknown', `${count}; ${done - graded} without a verdict`);
  if (bySpread) return say('drop', `values lie less than ${spread} apart: ${count}`);
  return say('drop', right === 0 ? `never right: ${count}` : `always right: ${count}`);
}

/** Problem types whose rewards are not just right or wrong. */
export function isGrounding(problemType: ProblemType): boolean {
  return problemType === 'iou' || problemType === 'gqa';
}
