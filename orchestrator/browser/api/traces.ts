/** GET /api/runs/:run/facets: what the rollouts of a run can be filtered by, with their numbers. */
export interface Facets {
  readonly stages: readonly Facet[];
  readonly passes: readonly Facet[];
  readonly sets: readonly Facet[];
  readonly sources: readonly Facet[];
  readonly types: readonly Facet[];
  readonly threshold: number;
}
export interface Facet {
  readonly name: string;
  readonly rollouts: number;
}

export const OUTCOMES = ['right', 'wrong', 'none', 'unknown'] as const;
/** right, wrong, no such answer, or its grader failed. */
export type OutcomeName = (typeof OUTCOMES)[number];
export const TRACE_ORDERS = ['id', 'prompt', 'confidence', 'reward', 'tokens', 'first', 'second', 'step'] as const;
export type TraceOrder = (typeof TRACE_ORDERS)[number];

/** The filters of GET /api/runs/:run/traces, as they stand in the query; all may be left out. */
export interface TraceFilter {
  readonly stage?: string | undefined;
  readonly pass?: string | undefined;
  readonly set?: string | undefined;
  readonly source?: string | undefined;
  readonly type?: string | undefined;
  readonly prompt?: string | undefined;
  readonly first?: OutcomeName | undefined;
  readonly second?: OutcomeName | undefined;
  /** What the gate does at `threshold` (default: the run's). */
  readonly gate?: 'exit' | 'think' | undefined;
  readonly threshold?: number | undefined;
  readonly minConfidence?: number | undefined;
  readonly maxConfidence?: number | undefined;
  /** Either verdict has this state. */
  readonly state?: 'graded' | 'unparsed' | 'timeout' | 'error' | undefined;
  /** Full-text search in completions, and in questions: all words; "a phrase"; the beginning of a word* */
  readonly q?: string | undefined;
  readonly sort?: TraceOrder | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

/** GET /api/runs/:run/traces?…&offset=&limit= */
export interface TracesAnswer {
  /** Place of the first of these rows in the order asked for. */
  readonly offset: number;
  readonly rows: readonly TraceRow[];
  /** Rollouts that match, and all of the run. */
  readonly total: number;
  readonly all: number;
  readonly threshold: number;
  /** Rollouts that the search knows; behind `all` while it is being indexed. Null without a search. */
  readonly indexed: number | null;
}

export interface TraceRow {
  readonly id: number;
  readonly stage: string;
  readonly pass: string;
  readonly set: string;
  readonly source: string;
  readonly problemType: string;
  readonly promptId: string;
  readonly question: string;
  readonly index: number;
  readonly step: number | null;
  readonly confidence: number | null;
  /** The gate stops at the first answer. */
  readonly exits: boolean;
  readonly first: AnswerCell | null;
  readonly second: AnswerCell | null;
  readonly reward: number | null;
  readonly tokens: number;
}

export interface AnswerCell {
  /** At most 200 characters of it. */
  readonly text: string;
  readonly correct: boolean | null;
  readonly state: 'graded' | 'unparsed' | 'timeout' | 'error';
}
