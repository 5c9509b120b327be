import { z } from 'zod';

export const verdictStates = ['graded', 'unparsed', 'timeout', 'error'] as const;
/**
 * graded: compared; unparsed: no readable answer, which is wrong (0, false);
 * timeout and error: the grader failed, so value and correct are null and the rollout is left out of its group.
 */
export type VerdictState = (typeof verdictStates)[number];

/** The grade of one box against the gold answer. */
export const verdictSchema = z.object({
  /** Task reward: [0, 1], for gqa [0, 2]; null when the grader failed. */
  value: z.number().nullable(),
  /** Right or wrong; for iou and gqa by the recipe's IoU threshold; null when the grader failed. */
  correct: z.boolean().nullable(),
  state: z.enum(verdictStates),
  /** The parsed form that was compared, for people. */
  normalised: z.string().nullable(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** Both answers' verdicts; null where the trace has no such box. */
export interface Verdicts {
  readonly first: Verdict | null;
  readonly second: Verdict | null;
}
