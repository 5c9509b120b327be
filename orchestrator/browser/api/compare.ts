import type { Estimate } from './run.js';
import type { RunRow } from './runs.js';

export const POLICIES = ['auto', 'always', 'never'] as const;
export type PolicyName = (typeof POLICIES)[number];

/** GET /api/compare?run=A&run=B…&policy=: the first run is the one the others are compared with. */
export interface CompareAnswer {
  readonly policy: PolicyName;
  readonly runs: readonly (RunRow & { readonly threshold: number })[];
  /** Each benchmark, and "overall" when there are several. */
  readonly benchmarks: readonly {
    readonly benchmark: string;
    /** In the order of the runs; null where a run has no such benchmark. */
    readonly values: readonly ({ readonly accuracy: Estimate; readonly tokens: number } | null)[];
    /** In the order of the runs behind the first; null where nothing can be paired. */
    readonly differences: readonly (PairedDifference | null)[];
  }[];
}

/** Questions that both runs answered, by prompt id; the question must be the same. */
export interface PairedDifference {
  readonly n: number;
  /** Questions of one of the two alone. */
  readonly unpaired: number;
  readonly accuracy: Estimate;
  /** Change of the mean tokens of an answer. */
  readonly tokens: Estimate;
  readonly fixed: number;
  readonly broken: number;
  readonly sameRight: number;
  readonly sameWrong: number;
  /** Exact two-sided McNemar test. */
  readonly pValue: number;
}

export type FlipKind = 'fixed' | 'broken' | 'same-right' | 'same-wrong';

/** GET /api/compare/flips?run=A&run=B&policy=&benchmark=&kind=&offset=&limit= */
export interface FlipsAnswer {
  readonly total: number;
  readonly rows: readonly {
    readonly promptId: string;
    readonly benchmark: string;
    readonly question: string;
    readonly kind: FlipKind;
    readonly before: FlipSide;
    readonly after: FlipSide;
  }[];
}
export interface FlipSide {
  readonly id: number;
  readonly answer: string | null;
  readonly correct: boolean | null;
  readonly exits: boolean;
  readonly tokens: number;
  readonly confidence: number | null;
}
