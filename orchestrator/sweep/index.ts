import { auroc, bootstrapMean, createRandom } from '../statistics/index.js';

export interface SweepRow {
  readonly id: string;
  readonly benchmark: string;
  readonly cluster?: string;
  readonly confidence: number | null;
  readonly first: { readonly value: number; readonly tokens: number };
  readonly second: { readonly value: number; readonly tokens: number };
}

export interface FrontierPoint {
  readonly threshold: number;
  readonly accuracy: number;
  readonly thinkRatio: number;
  readonly meanTokens: number;
  readonly exitAccuracy: number | null;
}

export interface PolicyPoint {
  readonly accuracy: number;
  readonly meanTokens: number;
}

export interface SweepResult {
  readonly n: number;
  readonly points: readonly FrontierPoint[];
  readonly never: PolicyPoint;
  readonly always: PolicyPoint;
  readonly chosen: {
    readonly threshold: number;
    readonly rule: string;
    readonly accuracy: number;
    readonly thinkRatio: number;
    readonly meanTokens: number;
    readonly n: number;
    readonly ci: readonly [number, number];
  };
  readonly calibration: {
    readonly ece: number;
    readonly auroc: number | null;
    readonly bins: readonly { low: number; high: number; n: number; confidence: number; accuracy: number }[];
  };
}

export interface SweepOptions {
  readonly holdout: number;
  readonly rule: 'fewest-tokens';
  readonly tolerance: number;
  readonly seed: number;
}

/** Never exits: above every confidence. */
const NEVER_EXIT = 1.000001;

export function frontier(rows: readonly SweepRow[]): FrontierPoint[] {
  const n = rows.length;
  const sorted = rows
    .filter((row) => row.confidence !== null)
    .sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0));
  let right = rows.reduce((sum, row) => sum + row.second.value, 0);
  let tokens = rows.reduce((sum, row) => sum + row.second.tokens, 0);
  let exited = 0;
  let exitRight = 0;
  const points: FrontierPoint[] = [];
  const push = (threshold: number) =>
    points.push({
      threshold,
      accuracy: right / n,
      thinkRatio: 1 - exited / n,
      meanTokens: tokens / n,
      exitAccuracy: exited === 0 ? null : exitRight / exited,
    });
  push(NEVER_EXIT);
  for (let i = 0; i < sorted.length; ) {
    const threshold = sorted[i]?.confidence ?? 0;
    for (; i < sorted.length && sorted[i]?.confidence === threshold; i += 1) {
      const row = sorted[i];
      if (!row) continue;
      right += row.first.value - row.second.value;
      tokens += row.first.tokens - row.second.tokens;
      exited += 1;
      exitRight += row.first.value;
    }
    push(threshold);
  }
  return points;
}

export function sweep(rows: readonly SweepRow[], options: SweepOptions): SweepResult {
  const mean = (values: number[]) =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  const clusters = [...new Set(rows.map((row) => row.cluster ?? row.id))].sort();
  const random = createRandom(options.seed);
  const held = new Set(clusters.filter(() => random() < options.holdout));
  const choosing = rows.filter((row) => !held.has(row.cluster ?? row.id));
  const reporting = rows.filter((row) => held.has(row.cluster ?? row.id));
  const candidates = frontier(choosing.length > 0 ? choosing : rows);
  const best = Math.max(...candidates.map((point) => point.accuracy));
  const chosen = candidates
    .filter((point) => point.accuracy >= best - options.tolerance)
    .reduce((a, b) => (b.meanTokens < a.meanTokens ? b : a));
  const used = reporting.length > 0 ? reporting : rows;
  const exits = (row: SweepRow) => row.confidence !== null && row.confidence >= chosen.threshold;
  const values = used.map((row) => (exits(row) ? row.first.value : row.second.value));
  const { low, high } = bootstrapMean(values, {
    clusters: used.map((row) => row.cluster ?? row.id),
    seed: options.seed,
    draws: 2000,
    level: 0.95,
  });
  return {
    n: rows.length,
    points: frontier(rows),
    never: {
      accuracy: mean(rows.map((row) => row.first.value)),
      meanTokens: mean(rows.map((row) => row.first.tokens)),
    },
    always: {
      accuracy: mean(rows.map((row) => row.second.value)),
      meanTokens: mean(rows.map((row) => row.second.tokens)),
    },
    chosen: {
      threshold: chosen.threshold,
      rule: options.rule,
      accuracy: mean(values),
      thinkRatio: mean(used.map((row) => Number(!exits(row)))),
      meanTokens: mean(used.map((row) => (exits(row) ? row.first.tokens : row.second.tokens))),
      n: used.length,
      ci: [low, high],
    },
    calibration: calibration(rows),
  };
}

export function calibration(rows: readonly SweepRow[], count = 10): SweepResult['calibration'] {
  const known = rows.filter((row) => row.confidence !== null);
  const bins = Array.from({ length: count }, (_, index) => ({
    low: index / count,
    high: (index + 1) / count,
    n: 0,
    confidence: 0,
    accuracy: 0,
  }));
  for (const row of known) {
    const bin = bins[Math.min(count - 1, Math.floor((row.confidence ?? 0) * count))];
    if (!bin) continue;
    bin.n += 1;
    bin.confidence += row.confidence ?? 0;
    bin.accuracy += row.first.value;
  }
  for (const bin of bins) {
    if (bin.n === 0) continue;
    bin.confidence /= bin.n;
    bin.accuracy /= bin.n;
  }
  const ece =
    known.length === 0
      ? 0
      : bins.reduce((sum, bin) => sum + (bin.n * Math.abs(bin.accuracy - bin.confidence)) / known.length, 0);
  return {
    ece,
    auroc: auroc(
      known.map((row) => row.confidence ?? 0),
      known.map((row) => row.first.value > 0.5),
    ),
    bins: bins.filter((bin) => bin.n > 0),
  };
}
