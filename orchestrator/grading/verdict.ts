import type { Verdict } from '../records/index.js';

/** No readable answer, which is a wrong one. */
export const UNPARSED: Verdict = { value: 0, correct: false, state: 'unparsed', normalised: null };

/** Right or wrong. */
export function graded(correct: boolean, normalised: string | null): Verdict {
  return { value: Number(correct), correct, state: 'graded', normalised };
}

/** The grader failed: neither right nor wrong, the rollout is left out of its group. */
export function failed(state: 'timeout' | 'error', normalised: string | null = null): Verdict {
  return { value: null, correct: null, state, normalised };
}
