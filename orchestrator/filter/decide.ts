import type { ProblemType } from '../records/index.js';

export interface Group {
  readonly correct: readonly (boolean | null)[];
  readonly values: readonly (number | null)[];
  readonly problemType: ProblemType;
}

export interface Decision {
  readonly decision: 'keep' | 'drop' | 'unknown' | 'more';
  readonly reason: string;
  readonly correct: number;
  readonly total: number;
}

export function decide(group: Group, options: { rollouts: number; keepGrounding: boolean }): Decision {
  const graded = group.correct.filter((item) => item !== null);
  const correct = graded.filter(Boolean).length;
  const counts = { correct, total: graded.length };
  if (options.keepGrounding && (group.problemType === 'iou' || group.problemType === 'gqa'))
    return { decision: 'keep', reason: 'grounding questions are kept whole', ...counts };
  if (correct > 0 && correct < graded.length)
    return { decision: 'keep', reason: `${correct} of ${graded.length} right`, ...counts };
  if (group.correct.length < options.rollouts)
    return { decision: 'more', reason: `${group.correct.length} of ${options.rollouts} rollouts`, ...counts };
  if (graded.length < group.correct.length)
    return {
      decision: 'unknown',
      reason: `${group.correct.length - graded.length} rollouts have no verdict`,
      ...counts,
    };
  return { decision: 'drop', reason: correct === 0 ? 'never right' : 'always right', ...counts };
}
