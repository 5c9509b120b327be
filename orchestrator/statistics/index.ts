export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly clusters?: readonly string[];
  readonly seed: number;
  readonly draws: number;
  readonly level: number;
}

export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function bootstrapMean(values: readonly number[], { clusters, seed, draws, level }: BootstrapOptions): Interval {
  const sums = new Map<string, { sum: number; n: number }>();
  values.forEach((value, index) => {
    const cluster = clusters?.[index] ?? String(index);
    const entry = sums.get(cluster) ?? { sum: 0, n: 0 };
    sums.set(cluster, { sum: entry.sum + value, n: entry.n + 1 });
  });
  const groups = [...sums.values()];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const random = createRandom(seed);
  const means = Array.from({ length: draws }, () => {
    let sum = 0;
    let n = 0;
    for (let i = 0; i < groups.length; i += 1) {
      const group = groups[Math.floor(random() * groups.length)];
      sum += group?.sum ?? 0;
      n += group?.n ?? 0;
    }
    return n === 0 ? 0 : sum / n;
  }).sort((a, b) => a - b);
  const at = (share: number) => means[Math.min(draws - 1, Math.max(0, Math.floor(share * draws)))] ?? mean;
  return { mean, low: at((1 - level) / 2), high: at(1 - (1 - level) / 2) };
}

export const pairedBootstrap = bootstrapMean;

export function auroc(scores: readonly number[], labels: readonly boolean[]): number | null {
  const order = scores
    .map((score, index) => ({ score, label: labels[index] ?? false }))
    .sort((a, b) => a.score - b.score);
  const positives = order.filter((item) => item.label).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let rankSum = 0;
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && order[j]?.score === order[i]?.score) j += 1;
    const rank = (i + 1 + j) / 2;
    for (let k = i; k < j; k += 1) if (order[k]?.label) rankSum += rank;
    i = j;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
