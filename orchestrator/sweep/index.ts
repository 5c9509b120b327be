/** Recorded traces → the frontier over all thresholds, one honest choice among them, and calibration. */
import { exitsAt } from '../answer/index.js';
import { groupBy } from '../records/index.js';
import { bootstrapMean, pairedBootstrap } from '../statistics/index.js';
import { BANDS, type BandPoint, bandsAt, spread } from './bands.js';
import { type Calibration, calibration, type Scaling, scaling } from './calibration.js';
import { type ChooseOptions, chooseThreshold, type Rule } from './choose.js';
import { ALWAYS_THINK, type Frontier, type FrontierPoint, frontier, pointAt } from './frontier.js';
import { clusterOf, type SweepRow } from './input.js';
import { type SplitOptions, split } from './split.js';

export { BANDS, type BandOptions, type BandPoint, bandsAt, spread } from './bands.js';
export { type Calibration, type CalibrationBin, calibration, type Scaling, scaling } from './calibration.js';
export { type ChooseOptions, chooseThreshold, type Rule, rules } from './choose.js';
export { csvOf } from './csv.js';
export { ALWAYS_THINK, type Frontier, type FrontierPoint, frontier, type PolicyPoint, pointAt } from './frontier.js';
export { type SweepRow, sweepRowSchema } from './input.js';
export { type LiveCheck, type LiveRow, liveCheck } from './live.js';
export { sweepRowOf } from './rows.js';
export { split } from './split.js';

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

/** The JSON of `vauto sweep`. */
export interface SweepResult extends Frontier {
  /** Intervals at up to 200 of the points. */
  readonly bands: readonly BandPoint[];
  readonly chosen: Chosen;
  readonly calibration: Calibration & { readonly scaling: Scaling | null };
}

/** All benchmarks together, and each by itself. */
export interface SweepSummary {
  readonly pooled: SweepResult;
  readonly benchmarks: Readonly<Record<string, SweepResult>>;
}

export interface SweepOptions extends ChooseOptions, SplitOptions {
  readonly rule: Rule;
}

const INTERVAL = { draws: 2000, level: 0.95 } as const;

/** The sweep of all rows, and of the rows of each benchmark. */
export function sweepAll(rows: readonly SweepRow[], options: SweepOptions): SweepSummary {
  const pooled = sweep(rows, options);
  const groups = [...groupBy(rows, (row) => row.benchmark)];
  const each = groups.map(([name, group]) => [name, groups.length === 1 ? pooled : sweep(group, options)] as const);
  return { pooled, benchmarks: Object.fromEntries(each) };
}

/** Frontier, bands and calibration of all rows; τ is chosen on one part of the clusters and reported on the other. */
export function sweep(rows: readonly SweepRow[], options: SweepOptions): SweepResult {
  const { seed, rule } = options;
  const { choosing, reporting, heldOut } = split(rows, options);
  const best = chooseThreshold(frontier(choosing).points, rule, options);
  const chosen = { ...report(reporting, best?.threshold ?? ALWAYS_THINK, seed), rule, heldOut };
  const scaled = scaling(choosing, reporting);
  const all = frontier(rows);
  const thresholds = spread(all.points, BANDS.points).map(({ threshold }) => threshold);
  return {
    ...all,
    bands: bandsAt(rows, thresholds, { ...BANDS, seed }),
    chosen,
    calibration: { ...calibration(rows), scaling: scaled && { ...scaled, heldOut } },
  };
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
