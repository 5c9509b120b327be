import { comparable } from '../answer/index.js';
import { bootstrapCurves, type Interval } from '../statistics/index.js';
import type { FrontierPoint } from './frontier.js';
import { clusterOf, type SweepRow } from './input.js';

/** How sure the frontier is at a threshold: intervals of 95% from resampled clusters. */
export interface BandPoint {
  readonly threshold: number;
  readonly accuracy: Interval;
  readonly meanTokens: Interval;
}

export interface BandOptions {
  readonly seed: number;
  readonly draws: number;
  /** Share of the resamples between the ends of an interval. */
  readonly level: number;
}

/** Thresholds that get an interval, and resamples for it. */
export const BANDS = { points: 200, draws: 1000, level: 0.95 } as const;

/** The bands at the given thresholds, which fall. Every threshold is tried on the same resamples of the clusters. */
export function bandsAt(
  rows: readonly SweepRow[],
  thresholds: readonly number[],
  options: BandOptions,
): readonly BandPoint[] {
  const steps = { of: exitSteps(rows, thresholds), count: thresholds.length };
  const quantities = (['value', 'tokens'] as const).map((name) => ({
    before: Float64Array.from(rows, ({ second }) => second[name]),
    after: Float64Array.from(rows, ({ first }) => first[name]),
  }));
  const clusters = rows.map(clusterOf);
  const [accuracy, tokens] = bootstrapCurves(quantities, steps, { ...options, clusters });
  return thresholds.flatMap((threshold, index) => {
    const [value, cost] = [accuracy?.[index], tokens?.[index]];
    return value && cost ? [{ threshold, accuracy: value, meanTokens: cost }] : [];
  });
}

/** At most `count` of the points, evenly spread, first and last among them. */
export function spread(points: readonly FrontierPoint[], count: number): readonly FrontierPoint[] {
  if (points.length <= count) return points;
  const gap = (points.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => Math.round(index * gap)).flatMap((place) =>
    points.slice(place, place + 1),
  );
}

/** The first of the falling thresholds at which each row exits; their number when it never does. */
function exitSteps(rows: readonly SweepRow[], thresholds: readonly number[]): Uint32Array {
  const edges = Float64Array.from(thresholds, comparable);
  return Uint32Array.from(rows, ({ confidence }) =>
    confidence === null ? edges.length : firstReached(edges, comparable(confidence)),
  );
}

/** Index of the first of the falling edges that `key` reaches. */
function firstReached(edges: Float64Array, key: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key >= (edges[middle] ?? -Infinity)) high = middle;
    else low = middle + 1;
  }
  return low;
}
