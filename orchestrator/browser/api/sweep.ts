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
