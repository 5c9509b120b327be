import type { Prompt, Trace, Verdicts } from '../records/index.js';

/** One graded trace of a benchmark prompt. */
export interface Sample {
  readonly prompt: Prompt;
  /** Samples of one cluster (one video) are not independent: intervals are drawn over clusters. */
  readonly cluster: string;
  /** `greedy` or `sampled`. */
  readonly pass: string;
  readonly trace: Trace;
  readonly verdicts: Verdicts;
}
