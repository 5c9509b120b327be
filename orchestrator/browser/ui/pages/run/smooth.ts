/** Weight of the mean before, as in other viewers of curves. */
const KEEP = 0.8;

/** Exponential moving mean over the values that are there, unbiased at the beginning; gaps stay gaps. */
export function smooth(values: readonly (number | null)[]): (number | null)[] {
  let [mean, weight] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    mean = KEEP * mean + (1 - KEEP) * value;
    weight = KEEP * weight + (1 - KEEP);
    return mean / weight;
  });
}
