/** TRL's `scale_rewards`: by the group's standard deviation, by the whole batch's, or not at all. */
export type Scale = 'group' | 'batch' | 'none';

/** Added to the standard deviation, as TRL does. */
const EPSILON = 1e-4;

/**
 * Advantages of one group as TRL 1.16 computes them (GRPOTrainer, sum_then_normalize): reward minus the group's mean,
 * over its standard deviation (n − 1) plus 1e-4. A rollout without a reward is left out of mean and deviation; it has no
 * advantage here (null) and advantage 0 in TRL. A lone graded rollout has none to be compared with: 0.
 * With scale `batch` the group is taken for the whole batch; see `batchAdvantages`.
 */
export function groupAdvantages(
  rewards: readonly (number | null)[],
  { scale }: { readonly scale: Scale },
): (number | null)[] {
  return batchAdvantages([rewards], { scale })[0] ?? [];
}

/** The same for all groups of a batch, which share one standard deviation when the scale is `batch`. */
export function batchAdvantages(
  groups: readonly (readonly (number | null)[])[],
  { scale }: { readonly scale: Scale },
): (number | null)[][] {
  const batchDeviation = scale === 'batch' ? deviationOf(groups.flatMap(gradedOf)) : Number.NaN;
  return groups.map((rewards) => {
    const graded = gradedOf(rewards);
    const mean = meanOf(graded);
    const deviation = scale === 'group' ? deviationOf(graded) : batchDeviation;
    const divisor = scale === 'none' ? 1 : deviation + EPSILON;
    return rewards.map((reward) => (reward === null ? null : finite((reward - mean) / divisor)));
  });
}

function gradedOf(rewards: readonly (number | null)[]): number[] {
  return rewards.filter((reward) => reward !== null);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Sample standard deviation; NaN for fewer than two values. */
function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return values.length < 2 ? Number.NaN : Math.sqrt(squares / (values.length - 1));
}

/** TRL's nan_to_num. */
function finite(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
