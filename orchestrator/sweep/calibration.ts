import { auroc, type Bin, ece } from '../statistics/index.js';
import type { SweepRow } from './input.js';

export interface CalibrationBin extends Bin {
  /** Confidences from `low` up to but not including `high`; the last bin includes 1. */
  readonly low: number;
  readonly high: number;
}

export interface Calibration {
  /** Expected calibration error over the bins. */
  readonly ece: number;
  /** Probability that a right first answer is surer than a wrong one; null when all are of one kind. */
  readonly auroc: number | null;
  /** Bins of equal width that hold anything. */
  readonly bins: readonly CalibrationBin[];
}

const BINS = 10;
/** Value from which a first answer counts as right; values are 0 and 1 unless a task gives parts. */
const RIGHT = 0.5;

/** How well the first answer's confidence tells right from wrong; rows without a confidence say nothing of it. */
export function calibration(rows: readonly SweepRow[]): Calibration {
  const known = rows.flatMap(({ confidence, first }) =>
    confidence === null ? [] : [{ confidence, value: first.value }],
  );
  const groups = Array.from({ length: BINS }, () => ({ n: 0, confidence: 0, value: 0 }));
  for (const { confidence, value } of known) {
    const group = groups[Math.min(BINS - 1, Math.floor(confidence * BINS))];
    if (group === undefined) continue;
    group.n += 1;
    group.confidence += confidence;
    group.value += value;
  }
  const bins = groups.flatMap(({ n, confidence, value }, index) =>
    n === 0
      ? []
      : [{ low: index / BINS, high: (index + 1) / BINS, n, confidence: confidence / n, accuracy: value / n }],
  );
  const scores = known.map((row) => row.confidence);
  return {
    ece: ece(bins),
    auroc: auroc(
      scores,
      known.map((row) => row.value > RIGHT),
    ),
    bins,
  };
}
