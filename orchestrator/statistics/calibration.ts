/** Predictions of about the same confidence. */
export interface Bin {
  readonly n: number;
  /** Mean confidence in it. */
  readonly confidence: number;
  /** Share of right ones in it. */
  readonly accuracy: number;
}

/** A bin of given bounds. */
export interface RangeBin extends Bin {
  /** Confidences from `low` up to but not including `high`; the last bin includes 1. */
  readonly low: number;
  readonly high: number;
}

/** The bins of a reliability diagram: `count` of equal width over [0, 1], of which those are given that hold anything. */
export function reliability(confidences: ArrayLike<number>, outcomes: ArrayLike<number>, count: number): RangeBin[] {
  const [sizes, sums, right] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let index = 0; index < confidences.length; index += 1) {
    const confidence = confidences[index] ?? 0;
    const bin = Math.min(count - 1, Math.floor(confidence * count));
    sizes[bin] = (sizes[bin] ?? 0) + 1;
    sums[bin] = (sums[bin] ?? 0) + confidence;
    right[bin] = (right[bin] ?? 0) + (outcomes[index] ?? 0);
  }
  return Array.from(sizes, (n, bin) => ({
    ...{ low: bin / count, high: (bin + 1) / count, n },
    ...{ confidence: (sums[bin] ?? 0) / n, accuracy: (right[bin] ?? 0) / n },
  })).filter(({ n }) => n > 0);
}

/** Expected calibration error: the mean gap between confidence and accuracy, weighted by size; 0 without predictions. */
export function ece(bins: readonly Bin[]): number {
  const total = bins.reduce((sum, { n }) => sum + n, 0);
  if (total === 0) return 0;
  return (
    bins.reduce((sum, { n, confidence, accuracy }) => sum + (n === 0 ? 0 : n * Math.abs(accuracy - confidence)), 0) /
    total
  );
}

/**
 * Probability that a positive scores higher than a negative, ties counting half (Mann and Whitney); null when there is
 * only one kind.
 */
export function auroc(scores: readonly number[], labels: readonly boolean[]): number | null {
  const order = scores.map((score, index) => ({ score, positive: labels[index] === true }));
  order.sort((a, b) => a.score - b.score);
  const positives = order.filter(({ positive }) => positive).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let won = 0;
  let below = 0;
  for (let at = 0; at < order.length; ) {
    const score = order[at]?.score;
    const tied = { positives: 0, negatives: 0 };
    for (; at < order.length && order[at]?.score === score; at += 1) {
      tied[order[at]?.positive ? 'positives' : 'negatives'] += 1;
    }
    won += tied.positives * (below + tied.negatives / 2);
    below += tied.negatives;
  }
  return won / (positives * negatives);
}
