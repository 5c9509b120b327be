/** Recorded traces → the frontier over all thresholds, one honest choice among them, and calibration. */
import { exitsAt } from '../answer/index.js';
import { bootstrapMean, pairedBootstrap, shuffled } from '../statistics/index.js';
import { type Calibration, calibration } from './calibration.js';
import { type ChooseOptions, chooseThreshold, type Rule } from './choose.js';
import { ALWAYS_THINK, type Frontier, type FrontierPoint, frontier, pointAt } from './frontier.js';
import type { SweepRow } from './input.js';

export { type Calibration, type CalibrationBin, calibration } from './calibration.js';
export { type ChooseOptions, chooseThreshold, type Rule, rules } from './choose.js';
export { ALWAYS_THINK, type Frontier, type FrontierPoint, frontier, type PolicyPoint, pointAt } from './frontier.js';
export { type SweepRow, sweepRowSchema } from './input.js';

/** The chosen threshold and what it does on questions it was not chosen on. */
export interface Chosen extends FrontierPoint {
  readonly rule: Rule;
  /** 95% interval of the accuracy, drawn over clusters. */
  readonly ci: readonly [number, number];
  /** Questions that these numbers are of. */
  readonly n: number;
  /** Whether they are held out; false when there are too few clusters to hold any out. */
  readonly heldOut: boolean;
  /** Change of accuracy against always thinking on the same questions, with its 95% interval. */
  readonly versusAlways: { readonly difference: number; readonly ci: readonly [number, number] };
}

/** design.md, section 7. */
export interface SweepResult extends Frontier {
  readonly chosen: Chosen;
  readonly calibration: Calibration;
}

export interface SweepOptions extends ChooseOptions {
  /** Share of the clusters that the threshold is reported on and not chosen on. */
  readonly holdout: number;
  readonly seed: number;
  readonly rule: Rule;
}

const INTERVAL = { draws: 2000, level: 0.95 } as const;

/** Frontier and calibration of all rows; τ is chosen on one part of the clusters and reported on the other. */
export function sweep(rows: readonly SweepRow[], options: SweepOptions): SweepResult {
  const { choosing, reporting, heldOut } = split(rows, options);
  const best = chooseThreshold(frontier(choosing).points, options.rule, options);
  const threshold = best?.threshold ?? ALWAYS_THINK;
  const chosen = { ...report(reporting, threshold, options.seed), rule: options.rule, heldOut };
  return { ...frontier(rows), chosen, calibration: calibration(rows) };
}

/** Whole clusters to one side or the other, by the seed alone; both sides are all rows when one would be empty. */
function split(rows: readonly SweepRow[], { holdout, seed }: SweepOptions) {
  const clusters = [...new Set(rows.map(clusterOf))].sort();
  const size = Math.round(holdout * clusters.length);
  const held = holdout > 0 ? Math.min(clusters.length - 1, Math.max(1, size)) : 0;
  if (held < 1) return { choosing: rows, reporting: rows, heldOut: false };
  const names = new Set(shuffled(clusters, seed).slice(0, held));
  const reporting = rows.filter((row) => names.has(clusterOf(row)));
  return { choosing: rows.filter((row) => !names.has(clusterOf(row))), reporting, heldOut: true };
}

function report(rows: readonly SweepRow[], threshold: number, seed: number): Omit<Chosen, 'rule' | 'heldOut'> {
  const options = { ...INTERVAL, seed, clusters: rows.map(clusterOf) };
  const values = rows.map((row) => (exitsAt(row.confidence, threshold) ? row.first.value : row.second.value));
  const accuracy = bootstrapMean(values, options);
  const change = pairedBootstrap(
    rows.map((row, index) => (values[index] ?? 0) - row.second.value),
    options,
  );
  return {
    ...pointAt(rows, threshold),
    ci: [accuracy.low, accuracy.high],
    n: rows.length,
    versusAlways: { difference: change.mean, ci: [change.low, change.high] },
  };
}

function clusterOf({ cluster, benchmark, id }: SweepRow): string {
  return cluster ?? `${benchmark}/${id}`;
}
