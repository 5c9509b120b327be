import type { ProblemType } from '../records/index.js';

/** The rollouts of one prompt so far, in order; null where the grader failed. */
export interface Group {
  readonly correct: readonly (boolean | null)[];
  /** Task rewards. */
  readonly values: readonly (number | null)[];
  readonly problemType: ProblemType;
}

export interface DecideOptions {
  /** Rollouts after which a prompt is decided at the latest. */
  readonly rollouts: number;
  /** Keep grounding prompts without asking whether they are of use, as the paper does. */
  readonly keepGrounding: boolean;
}

export interface Decision {
  /**
   * keep: some right, some wrong; drop: all right or all wrong; unknown: only rollouts that have no verdict could make
   * the difference; more: not decided yet.
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
 * rollout settle it, so a prompt may be kept before all rollouts are there, with the same result; dropping needs all.
 */
export function decide(group: Group, { rollouts, keepGrounding }: DecideOptions): Decision {
  const graded = group.correct.filter((correct) => correct !== null);
  const correct = graded.filter(Boolean).length;
  const total = graded.length;
  const say = (decision: Decision['decision'], reason: string): Decision => ({ decision, reason, correct, total });
  const grounding = group.problemType === 'iou' || group.problemType === 'gqa';
  if (grounding && keepGrounding) return say('keep', 'grounding prompts are kept whole');
  const count = `${correct} of ${total} right${grounding ? meanText(group.values) : ''}`;
  if (correct > 0 && correct < total) return say('keep', count);
  const done = group.correct.length;
  if (done < rollouts) return say('more', `${count}; ${done} of ${rollouts} rollouts done`);
  if (total < done) return say('unknown', `${count}; ${done - total} without a verdict`);
  return say('drop', correct === 0 ? `never right: ${count}` : `always right: ${count}`);
}

function meanText(values: readonly (number | null)[]): string {
  const graded = values.filter((value) => value !== null);
  if (graded.length === 0) return '';
  return `, mean value ${(graded.reduce((sum, value) => sum + value, 0) / graded.length).toFixed(2)}`;
}
