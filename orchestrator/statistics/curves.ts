import { type BootstrapOptions, type Interval, middle, numberClusters } from './bootstrap.js';
import { createRandom } from './random.js';

/** One quantity of every item: `before` its step, `after` from its step on. */
export interface Switching {
  readonly before: ArrayLike<number>;
  readonly after: ArrayLike<number>;
}

export interface Steps {
  /** The step from which item i counts with its `after`; `count` or more: never. */
  readonly of: ArrayLike<number>;
  readonly count: number;
}

/**
 * The mean of each quantity at every step, with percentile-bootstrap intervals over clusters. The resamples are those of
 * `bootstrapMean` with the same seed, so at each step both agree; here all steps share them.
 *
 * Clusters are first reduced to their sums and to what they change at which step; a resample is then one pass over
 * these, n + clusters + steps operations instead of n · steps.
 */
export function bootstrapCurves(
  quantities: readonly Switching[],
  steps: Steps,
  options: BootstrapOptions,
): Interval[][] {
  const data = reduce(quantities, steps, options.clusters);
  const weights = new Uint16Array(data.sizes.length).fill(1);
  const means = data.quantities.map((quantity) => curve(data, quantity, weights));
  const draws = quantities.map(() => new Float64Array(options.draws * steps.count));
  const random = createRandom(options.seed);
  for (let draw = 0; draw < options.draws; draw += 1) {
    resample(weights, random);
    data.quantities.forEach((quantity, index) => {
      scatter(curve(data, quantity, weights), draws[index], draw, options.draws);
    });
  }
  return means.map((mean, index) => intervals(mean, draws[index], options));
}

/** Sums of a quantity: of each cluster before any step, and of each change. */
interface Reduced {
  readonly before: Float64Array;
  readonly changes: Float64Array;
}

interface Data {
  readonly steps: number;
  /** Items of each cluster. */
  readonly sizes: Float64Array;
  /** A change is what the items of one cluster do at one step: its cluster and its step. */
  readonly cluster: Uint32Array;
  readonly step: Uint32Array;
  readonly quantities: readonly Reduced[];
}

function reduce(quantities: readonly Switching[], steps: Steps, names: readonly string[] | undefined): Data {
  const items = steps.of.length;
  const { of: clusterOf, count } = numberClusters(names, items);
  const changes = new Map<number, number>();
  const changeOf = Int32Array.from({ length: items }, (_, item) => {
    const step = steps.of[item] ?? steps.count;
    if (step >= steps.count) return -1;
    const key = (clusterOf[item] ?? 0) * steps.count + step;
    const change = changes.get(key) ?? changes.size;
    changes.set(key, change);
    return change;
  });
  const sizes = new Float64Array(count);
  for (const cluster of clusterOf) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  return {
    steps: steps.count,
    sizes,
    cluster: Uint32Array.from(changes.keys(), (key) => Math.floor(key / steps.count)),
    step: Uint32Array.from(changes.keys(), (key) => key % steps.count),
    quantities: quantities.map((quantity) => sumUp(quantity, clusterOf, count, changeOf, changes.size)),
  };
}

function sumUp(
  { before, after }: Switching,
  clusterOf: Uint32Array,
  clusters: number,
  changeOf: Int32Array,
  size: number,
): Reduced {
  const sums = { before: new Float64Array(clusters), changes: new Float64Array(size) };
  clusterOf.forEach((cluster, item) => {
    const [old = 0, change = -1] = [before[item], changeOf[item]];
    sums.before[cluster] = (sums.before[cluster] ?? 0) + old;
    if (change >= 0) sums.changes[change] = (sums.changes[change] ?? 0) + (after[item] ?? 0) - old;
  });
  return sums;
}

/** How often each cluster is in a resample: as many are drawn, with replacement, as there are. */
function resample(weights: Uint16Array, random: () => number): void {
  weights.fill(0);
  for (let left = weights.length; left > 0; left -= 1) {
    const drawn = Math.floor(random() * weights.length);
    weights[drawn] = (weights[drawn] ?? 0) + 1;
  }
}

/** The weighted mean at every step. */
function curve(
  { steps, sizes, cluster, step }: Data,
  { before, changes }: Reduced,
  weights: Uint16Array,
): Float64Array {
  const sums = new Float64Array(steps);
  for (let change = 0; change < changes.length; change += 1) {
    const place = step[change] ?? 0;
    sums[place] = (sums[place] ?? 0) + (weights[cluster[change] ?? 0] ?? 0) * (changes[change] ?? 0);
  }
  const size = dot(weights, sizes);
  let sum = dot(weights, before);
  return sums.map((change) => {
    sum += change;
    return sum / size;
  });
}

function dot(weights: Uint16Array, values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += (weights[index] ?? 0) * (values[index] ?? 0);
  return sum;
}

/** Puts a curve where the draws of each step lie side by side. */
function scatter(values: Float64Array, into: Float64Array | undefined, draw: number, draws: number): void {
  if (into === undefined) return;
  for (let step = 0; step < values.length; step += 1) into[step * draws + draw] = values[step] ?? 0;
}

function intervals(
  means: Float64Array,
  drawn: Float64Array | undefined,
  { draws, level }: BootstrapOptions,
): Interval[] {
  return Array.from(means, (mean, step) => ({
    mean,
    ...middle(drawn?.subarray(step * draws, (step + 1) * draws) ?? new Float64Array(), level),
  }));
}
