import { shuffled } from '../statistics/index.js';
import { clusterOf, type SweepRow } from './input.js';

export interface SplitOptions {
  /** Share of the clusters that the threshold is reported on and not chosen on. */
  readonly holdout: number;
  readonly seed: number;
}

export interface Split {
  readonly choosing: readonly SweepRow[];
  readonly reporting: readonly SweepRow[];
  /** False when there are too few clusters to hold any out; then both sides are all rows. */
  readonly heldOut: boolean;
}

/** Whole clusters to one side or the other, by the seed alone. */
export function split(rows: readonly SweepRow[], { holdout, seed }: SplitOptions): Split {
  const clusters = [...new Set(rows.map(clusterOf))].sort();
  const size = Math.round(holdout * clusters.length);
  const held = holdout > 0 ? Math.min(clusters.length - 1, Math.max(1, size)) : 0;
  if (held < 1) return { choosing: rows, reporting: rows, heldOut: false };
  const names = new Set(shuffled(clusters, seed).slice(0, held));
  const reporting = rows.filter((row) => names.has(clusterOf(row)));
  return { choosing: rows.filter((row) => !names.has(clusterOf(row))), reporting, heldOut: true };
}
