import { bootstrapMean, pairedBootstrap } from '../statistics/index.js';
import type { MetricRow } from '../store/index.js';
import type { Sample } from './sample.js';

type Value = Omit<MetricRow, 'benchmark' | 'policy'>;

/** Draws of the bootstrap; the interval's own noise is then well under a tenth of its width. */
const BOOTSTRAP = { seed: 1, draws: 2000, level: 0.95 } as const;

/** Accuracy of the second answer over sampled traces: each prompt counts once, with the mean of its rollouts. */
export function sampledAccuracy(samples: readonly Sample[]): Value {
  const means = promptMeans(samples);
  const values = [...means.values()];
  const clusters = values.map((item) => item.cluster);
  const { mean, low, high } = bootstrapMean(
    values.map((item) => item.value),
    { ...BOOTSTRAP, clusters },
  );
  return { name: 'accuracy', value: mean, low, high, n: values.length };
}

/** Change of the second answer's accuracy since an earlier evaluation, paired by prompt, one row per pass. */
export function gainsOf(benchmark: string, before: readonly Sample[], after: readonly Sample[]): MetricRow[] {
  const policies = { greedy: 'always', sampled: 'sampled' } as const;
  return (['greedy', 'sampled'] as const).flatMap((pass) => {
    const earlier = promptMeans(before.filter((sample) => sample.pass === pass));
    const later = promptMeans(after.filter((sample) => sample.pass === pass));
    const pairs = [...later].flatMap(([id, { value, cluster }]) => {
      const old = earlier.get(id);
      return old ? [{ difference: value - old.value, cluster }] : [];
    });
    if (pairs.length === 0) return [];
    const clusters = pairs.map((pair) => pair.cluster);
    const { mean, low, high } = pairedBootstrap(
      pairs.map((pair) => pair.difference),
      { ...BOOTSTRAP, clusters },
    );
    return [{ benchmark, policy: policies[pass], name: 'gain', value: mean, low, high, n: pairs.length }];
  });
}

/** Mean correctness of the second answer per prompt; rollouts whose grader failed are left out. */
function promptMeans(samples: readonly Sample[]): Map<string, { value: number; cluster: string }> {
  const sums = new Map<string, { right: number; n: number; cluster: string }>();
  for (const { prompt, cluster, verdicts } of samples) {
    const correct = verdicts.second === null ? false : verdicts.second.correct;
    if (correct === null) continue;
    const sum = sums.get(prompt.id) ?? { right: 0, n: 0, cluster };
    sums.set(prompt.id, { right: sum.right + Number(correct), n: sum.n + 1, cluster });
  }
  return new Map([...sums].map(([id, { right, n, cluster }]) => [id, { value: right / n, cluster }]));
}
