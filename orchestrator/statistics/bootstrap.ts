import { createRandom } from './random.js';

/** A mean with the ends of its confidence interval; all NaN when there are no values. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** One name per value: values of one cluster are not independent and are drawn together. Default: each by itself. */
  readonly clusters?: readonly string[];
  readonly seed: number;
  /** Resamples; 2,000 make the interval's own noise small beside its width. */
  readonly draws: number;
  /** Share of the distribution between the ends, such as 0.95. */
  readonly level: number;
}

/**
 * Mean with a percentile-bootstrap interval over clusters (Efron): clusters are drawn with replacement, as many as there
 * are, and the mean of all their values is taken. The same input gives the same interval, to the last bit.
 */
export function bootstrapMean(values: readonly number[], options: BootstrapOptions): Interval {
  const { sums, sizes } = totalsOf(values, options.clusters);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (sums.length === 0) return { mean, low: Number.NaN, high: Number.NaN };
  const means = new Float64Array(options.draws);
  const drawn = drawnOnce(options.seed, sums.length, options.draws);
  const random = createRandom(options.seed);
  // Where all clusters are of one size, whichever are drawn have as many values as all.
  const alike = sizes.every((size) => size === sizes[0]);
  const drawnMean = (from: Drawn, start: number) =>
    drawnSum(sums, from, start) / (alike ? values.length : drawnSum(sizes, from, start));
  for (let draw = 0; draw < options.draws; draw += 1)
    means[draw] = drawn === undefined ? drawMean(sums, sizes, random) : drawnMean(drawn, draw * sums.length);
  return { mean, ...middle(means, options.level) };
}

function drawMean(sums: Float64Array, sizes: Float64Array, random: () => number): number {
  let [sum, size] = [0, 0];
  for (let left = sums.length; left > 0; left -= 1) {
    const cluster = Math.floor(random() * sums.length);
    sum += sums[cluster] ?? 0;
    size += sizes[cluster] ?? 0;
  }
  return sum / size;
}

/** Of clusters that were drawn before: those from `start` on, as many as there are. */
function drawnSum(totals: Float64Array, drawn: Drawn, start: number): number {
  const end = start + totals.length;
  const at = (place: number) => totals[drawn[place] ?? 0] ?? 0;
  // Four sums side by side take two thirds of the time of one, in which each addition waits for the last. Declared one by
  // one: taken out of an array they gain nothing.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let place = start;
  for (; place + 3 < end; place += 4) {
    a += at(place);
    b += at(place + 1);
    c += at(place + 2);
    d += at(place + 3);
  }
  for (; place < end; place += 1) a += at(place);
  return a + b + c + d;
}

/** Draws kept, and numbers of a draw. */
const [KEPT, MOST_KEPT] = [4, 1_000_000];
type Drawn = Uint16Array | Uint32Array;
const kept = new Map<string, Drawn>();

/** The clusters that a seed draws, one after the other: several values of the same clusters are resampled alike. Undefined for very many. */
function drawnOnce(seed: number, clusters: number, draws: number): Drawn | undefined {
  if (clusters * draws > MOST_KEPT) return undefined;
  const key = `${seed} ${clusters} ${draws}`;
  const drawn = kept.get(key) ?? drawAll(createRandom(seed), clusters, draws);
  kept.delete(key);
  kept.set(key, drawn);
  for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
  return drawn;
}

function drawAll(random: () => number, clusters: number, draws: number): Drawn {
  const drawn = new (clusters > 0xffff ? Uint32Array : Uint16Array)(clusters * draws);
  for (let place = 0; place < drawn.length; place += 1) drawn[place] = Math.floor(random() * clusters);
  return drawn;
}

/** The same for differences of pairs (after − before): the interval of the mean change. */
export function pairedBootstrap(differences: readonly number[], options: BootstrapOptions): Interval {
  return bootstrapMean(differences, options);
}

function totalsOf(values: readonly number[], clusters: readonly string[] | undefined) {
  const { of, count } = numberClusters(clusters, values.length);
  const [sums, sizes] = [new Float64Array(count), new Float64Array(count)];
  values.forEach((value, index) => {
    const place = of[index] ?? 0;
    sums[place] = (sums[place] ?? 0) + value;
    sizes[place] = (sizes[place] ?? 0) + 1;
  });
  return { sums, sizes };
}

/** The number of each value's cluster, in the order in which they appear; without names each is by itself. */
export function numberClusters(names: readonly string[] | undefined, length: number) {
  if (names === undefined) return { of: Uint32Array.from({ length }, (_, index) => index), count: length };
  const places = new Map<string, number>();
  const of = Uint32Array.from({ length }, (_, index) => {
    const name = names[index] ?? `#${index}`;
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  });
  return { of, count: places.size };
}

/** Ends of the middle `level` of the values, which are sorted in place. */
export function middle(values: Float64Array, level: number): { low: number; high: number } {
  const tail = (1 - level) / 2;
  values.sort();
  return { low: quantile(values, tail), high: quantile(values, 1 - tail) };
}

/** Quantile of sorted values, linear between neighbours. */
function quantile(sorted: Float64Array, share: number): number {
  const position = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
  const below = Math.floor(position);
  const [low = Number.NaN, high = low] = [sorted[below], sorted[below + 1]];
  return low + (high - low) * (position - below);
}
