/** What the JSON API of `vauto browse` answers; docs/browser.md lists the addresses. The pages use nothing else. */
import type { ExitRecord, FinishReason, Prompt, Reward, RewardWeights, Trace, Verdicts } from '../records/index.js';
import type { EventRow, Ledger, MetricRow, StageRecord, Status, StepRow } from '../store/index.js';

/** Every answer that is not 2xx. */
export interface ApiError {
  readonly error: { readonly code: string; readonly message: string; readonly fix?: string };
}

/** `stalled`: its process lives and has written nothing for ten minutes. */
export type RunStatus = Status | 'stalled';

export const RUN_ORDERS = ['created', 'name', 'status', 'accuracy', 'tokens', 'seconds', 'rollouts'] as const;
export type RunOrder = (typeof RUN_ORDERS)[number];

/** One line of the page of runs. */
export interface RunRow {
  readonly name: string;
  readonly status: RunStatus;
  /** Why it stopped or failed. */
  readonly reason: string | null;
  /** The stage that is or was worked on last. */
  readonly stage: string | null;
  readonly stagesDone: number;
  readonly tags: readonly string[];
  readonly note: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Worked, over all stages. */
  readonly seconds: number;
  readonly rollouts: number;
  /** Of the policy auto after training (before, without one), over all questions. */
  readonly accuracy: number | null;
  readonly meanTokens: number | null;
  readonly thinkRatio: number | null;
  /** Mean reward over training, at most 40 points in order. */
  readonly reward: readonly number[];
}

/** GET /api/runs?q=&status=&tag=&sort=&order=asc|desc&offset=&limit= */
export interface RunsAnswer {
  readonly runs: readonly RunRow[];
  /** Runs that match. */
  readonly total: number;
  /** Runs in the store. */
  readonly all: number;
  /** Every tag in use. */
  readonly tags: readonly string[];
}

export interface StageView extends Omit<StageRecord, 'id' | 'result' | 'status'> {
  readonly status: RunStatus;
}

/** GET /api/runs/:run */
export interface RunDetail {
  readonly run: RunRow & { readonly seed: number };
  /** The command that goes on with it; null when it is done or under way. */
  readonly resume: string | null;
  /** In order of their start, replaced attempts among them. */
  readonly stages: readonly StageView[];
  readonly ledger: Ledger;
  readonly filter: FilterView | null;
  readonly evaluation: readonly EvaluationRow[];
  /** Paired differences that the evaluation made: gain, versus-never, versus-always, token-saving. */
  readonly differences: readonly (MetricRow & { readonly stage: string })[];
  readonly artifacts: readonly {
    readonly name: string;
    readonly stage: string;
    readonly path: string;
    readonly sha256: string;
    readonly bytes: number;
  }[];
  readonly warnings: readonly { readonly kind: string; readonly message: string; readonly n: number }[];
  /** The threshold that the gate works with, and who chose it. */
  readonly threshold: { readonly value: number; readonly from: 'sweep' | 'recipe' } | null;
  readonly recipeText: string;
  /** Versions and platform. */
  readonly environment: unknown;
}

export interface FilterView {
  readonly prompts: number;
  readonly keep: number;
  readonly drop: number;
  readonly easy: number;
  readonly hard: number;
  readonly unknown: number;
  readonly rollouts: number;
  readonly exact: boolean;
  /** Prompts by number of right rollouts; not exact: never right, mixed, always right. */
  readonly passHistogram: readonly number[];
  readonly saved: { readonly rollouts: number; readonly tokens: number };
  readonly groups: readonly {
    readonly source: string;
    readonly problemType: string;
    readonly prompts: number;
    readonly keep: number;
    readonly easy: number;
    readonly hard: number;
    readonly unknown: number;
  }[];
}

export interface Estimate {
  readonly value: number | null;
  /** Ends of the 95% interval. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

export interface EvaluationRow {
  /** evaluate-before or evaluate. */
  readonly stage: string;
  readonly benchmark: string;
  readonly policy: string;
  readonly accuracy: Estimate;
  readonly tokens: number | null;
  readonly thinkRatio: number | null;
}

/** GET /api/runs/:run/steps?after=STEP: all numbers of the steps behind this one. */
export interface StepsAnswer {
  readonly steps: readonly StepRow[];
}

/** GET /api/runs/:run/events?after=ID&limit= or ?before=ID&limit=, in their order; without an id the last ones. */
export interface EventsAnswer {
  readonly events: readonly (EventRow & { readonly id: number })[];
}

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

/** GET /api/traces/:id?… with the filters of the table that it was opened from. */
export interface TraceDetail {
  readonly row: TraceRow;
  readonly run: string;
  readonly prompt: (Omit<Prompt, 'media'> & { readonly media: readonly MediaView[] }) | null;
  readonly text: string;
  /** End of each token in `text`, in UTF-16 code units. */
  readonly tokenEnds: readonly number[];
  /** Natural-log probability of each token; empty where the engine gave none. */
  readonly logprobs: readonly number[];
  readonly trace: Trace;
  readonly verdicts: Verdicts;
  readonly reward: Reward | null;
  /** Of the recipe: total = w1·first + w2·second + λ·format + α where the fallback is paid. */
  readonly weights: RewardWeights;
  readonly gate: {
    readonly threshold: number;
    readonly exits: boolean;
    /** How the engine or the client decided; null where the whole trace was generated. */
    readonly record: ExitRecord | null;
  };
  /** Spans in seconds read from the answers, of grounding questions. */
  readonly spans: { readonly gold: readonly Span[]; readonly first: readonly Span[]; readonly second: readonly Span[] };
  /** Temporal IoU of each answer with the gold spans; null where there is none. */
  readonly iou: { readonly first: number | null; readonly second: number | null };
  /** The rollouts of the same prompt in the same pass (and step), in order of their index, itself among them. */
  readonly group: readonly GroupMember[];
  readonly finishReason: FinishReason;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly forced: number;
  readonly seed: number;
  readonly key: string;
  /** In the order of the filters given. */
  readonly place: { readonly at: number; readonly total: number } | null;
  readonly previous: number | null;
  readonly next: number | null;
}

export type Span = readonly [number, number];

export interface MediaView {
  readonly kind: 'image' | 'video';
  readonly sha256: string;
  readonly start: number | null;
  readonly end: number | null;
  /** The file itself: /media/TRACE/SHA256 */
  readonly url: string;
}

export interface GroupMember {
  readonly id: number;
  readonly index: number;
  readonly correct: boolean | null;
  readonly first: boolean | null;
  readonly reward: number | null;
  /** As TRL computes it over this group; null without a reward. */
  readonly advantage: number | null;
  readonly tokens: number;
}

/** GET /api/traces/:id/frames: pictures of the frames that the model saw. */
export interface FramesAnswer {
  readonly frames: readonly { readonly seconds: number; readonly url: string }[];
  /** Seconds of the file that they are spread over; null for images. */
  readonly range: Span | null;
  /** Why there are none. */
  readonly reason: string | null;
}

export interface FrontierPointView {
  readonly threshold: number;
  readonly accuracy: number;
  readonly thinkRatio: number;
  readonly meanTokens: number;
  readonly exitAccuracy: number | null;
  readonly thinkRecall: number | null;
}

/** The sweep of one benchmark, or of all: numbers equal `vauto sweep RUN --json`. */
export interface SweepCurve {
  readonly n: number;
  /** At most 2,000 of the points, first and last among them. */
  readonly points: readonly FrontierPointView[];
  readonly bands: readonly {
    readonly threshold: number;
    readonly accuracy: { readonly low: number; readonly high: number };
    readonly meanTokens: { readonly low: number; readonly high: number };
  }[];
  readonly never: { readonly accuracy: number; readonly meanTokens: number };
  readonly always: { readonly accuracy: number; readonly meanTokens: number };
  readonly chosen: {
    readonly threshold: number;
    readonly rule: string;
    readonly accuracy: number;
    readonly thinkRatio: number;
    readonly meanTokens: number;
    readonly ci: readonly [number, number];
    readonly n: number;
    readonly heldOut: boolean;
    readonly versusAlways: { readonly difference: number; readonly ci: readonly [number, number] };
  };
  readonly calibration: {
    readonly ece: number;
    readonly auroc: number | null;
    readonly bins: readonly {
      readonly low: number;
      readonly high: number;
      readonly n: number;
      readonly confidence: number;
      readonly accuracy: number;
    }[];
    readonly scaling: {
      readonly temperature: number;
      readonly eceBefore: number;
      readonly eceAfter: number;
      readonly n: number;
      readonly heldOut: boolean;
    } | null;
  };
}

/** GET /api/runs/:run/sweep */
export interface SweepAnswer {
  readonly pooled: SweepCurve;
  readonly benchmarks: Readonly<Record<string, SweepCurve>>;
  /** What the chosen threshold did when the engine itself stopped; null when that was not tried. */
  readonly live: {
    readonly threshold: number;
    readonly n: number;
    readonly same: number;
    readonly predicted: LivePoint;
    readonly live: LivePoint;
    readonly wastedTokens: number;
    readonly confidenceError: number;
  } | null;
}
export interface LivePoint {
  readonly accuracy: number;
  readonly thinkRatio: number;
  readonly meanTokens: number;
}

/** GET /api/runs/:run/sweep/at?threshold=&benchmark=&limit=: one threshold, recomputed from the rollouts. */
export interface SweepAt {
  readonly point: FrontierPointView;
  /** Engine seconds a question at the throughput of this run's own evaluation; null where it is not known. */
  readonly seconds: number | null;
  /** Questions that the gate treats otherwise than at the chosen threshold. */
  readonly switched: {
    readonly total: number;
    /** Wrong at the chosen threshold and right here, and the reverse. */
    readonly fixed: number;
    readonly broken: number;
    readonly rows: readonly SwitchedRow[];
  };
}
export interface SwitchedRow {
  readonly id: number;
  readonly promptId: string;
  readonly benchmark: string;
  readonly confidence: number | null;
  /** What it does at this threshold. */
  readonly exits: boolean;
  readonly change: 'fixed' | 'broken' | 'same';
  readonly tokens: number;
}

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

/** GET /api/live?run=: server-sent events; each holds only what changed since the one before. */
export type LiveEvent =
  /** Runs whose line changed. */
  | { readonly type: 'runs'; readonly runs: readonly RunRow[]; readonly removed: readonly string[] }
  /** Of the run asked for. */
  | { readonly type: 'stages'; readonly stages: readonly StageView[] }
  | { readonly type: 'ledger'; readonly ledger: Ledger }
  | { readonly type: 'steps'; readonly steps: readonly StepRow[] }
  | { readonly type: 'events'; readonly events: EventsAnswer['events'] }
  /** Rollouts came in: tables may be read again. */
  | { readonly type: 'rollouts'; readonly all: number };
