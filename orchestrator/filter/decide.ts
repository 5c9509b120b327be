import type { ProblemType } from '../records/index.js';

/** The rollouts of one prompt so far, in order; null where the engine or the grader failed. */
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
export function decide(group: Group, { rollouts, keepGrounding, spread }: DecideOptions): Decision {
  const graded = group.correct.filter((correct) => correct !== null);
  const correct = graded.filter(Boolean).length;
  const total = graded.length;
  const say = (decision: Decision['decision'], reason: string): Decision => ({ decision, reason, correct, total });
  const grounding = group.problemType === 'iou' || group.problemType === 'gqa';
  if (grounding && keepGrounding) return say('keep', 'grounding prompts are kept whole');
  const bySpread = grounding && spread !== undefined;
  const count = `${correct} of ${total} right${grounding ? valuesText(group.values) : ''}`;
  const differ = bySpread ? distance(group.values) >= spread : correct > 0 && correct < total;
  if (differ) return say('keep', count);
  const done = group.correct.length;
  if (done < rollouts) return say('more', `${count}; ${done} of ${rollouts} rollouts done`);
  if (total < done) return say('unknown', `${count}; ${done - total} without a verdict`);
  if (bySpread) return say('drop', `values lie less than ${spread} apart: ${count}`);
  return say('drop', correct === 0 ? `never right: ${count}` : `always right: ${count}`);
}

function distance(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? 0 : Math.max(...known) - Math.min(...known);
}

function valuesText(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return '';
  return `, values ${Math.min(...known).toFixed(2)} to ${Math.max(...known).toFixed(2)}`;
}
