import type { FrontierPoint, LiveCheck, SweepResult } from '../../sweep/index.js';

export type FrontierPointView = FrontierPoint;

/**
 * The sweep of one benchmark, or of all: numbers equal `vauto sweep RUN --json`. At most 2,000 of the points, first and last
 * among them.
 */
export type SweepCurve = Pick<SweepResult, 'n' | 'points' | 'bands' | 'never' | 'always' | 'chosen' | 'calibration'>;

/** GET /api/runs/:run/sweep */
export interface SweepAnswer {
  readonly pooled: SweepCurve;
  readonly benchmarks: Readonly<Record<string, SweepCurve>>;
  /** What the chosen threshold did when the engine itself stopped; null when that was not tried. */
  readonly live: LiveCheck | null;
}

export type LivePoint = LiveCheck['live'];

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
