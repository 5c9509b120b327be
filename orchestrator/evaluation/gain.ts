import type { Verdict } from '../records/index.js';
import { bootstrapMean, meanOf, pairedBootstrap } from '../statistics/index.js';
import type { MetricRow } from '../store/index.js';
import type { Sample } from './sample.js';

type Value = Omit<MetricRow, 'benchmark' | 'policy'>;

/** Draws of the bootstrap; the interval's own noise is then well under a tenth of its width. */
const BOOTSTRAP = { seed: 1, draws: 2000, level: 0.95 } as const;

/** A number taken of one trace; null when its grader failed. */
export type Measure = (sample: Sample) => number | null;

/** Evaluations of one training, before and after it. */
export interface Evaluated {
  readonly before: readonly Sample[];
  readonly after: readonly Sample[];
}

/** How a measure changed over several trainings, each question of each training counting once. */
export interface PooledChange {
  readonly before: number;
  readonly after: number;
  readonly gain: number;
  /** Ends of the gain's 95% interval: over the questions (clusters), which all trainings share. */
  readonly low: number;
  readonly high: number;
  /** Gain of each training by itself. */
  readonly byRun: readonly number[];
  /** Questions, over all trainings. */
  readonly n: number;
  readonly clusters: number;
}

/** 1 when the second answer is right, 0 when it is wrong or missing. */
export const secondRight: Measure = ({ verdicts }) => right(verdicts.second);
/** The same of the first answer. */
export const firstRight: Measure = ({ verdicts }) => right(verdicts.first);

/** Accuracy of the second answer over sampled traces: each prompt counts once, with the mean of its rollouts. */
export function sampledAccuracy(samples: readonly Sample[]): Value {
  const means = promptMeans(samples, secondRight);
  const values = [...means.values()];
  const clusters = values.map((item) => item.cluster);
  const { mean, low, high } = bootstrapMean(
    values.map((item) => item.value),
    { ...BOOTSTRAP, clusters },
  );
  return { name: 'accuracy', value: mean, low, high, n: values.length };
}

/** Policy whose accuracy a pass measures where both answers are read off one reply. */
const POLICY_OF_PASS: Readonly<Record<string, string>> = { greedy: 'always', sampled: 'sampled' };

/** Change of the second answer's accuracy since an earlier evaluation, paired by prompt, one row per pass. */
export function gainsOf(
  benchmark: string,
  before: readonly Sample[],
  after: readonly Sample[],
  policies = POLICY_OF_PASS,
): MetricRow[] {
  return Object.entries(policies).flatMap(([pass, policy]) => {
    const of = (samples: readonly Sample[]) => samples.filter((sample) => sample.pass === pass);
    const change = pooledChange([{ before: of(before), after: of(after) }], secondRight);
    if (change === undefined) return [];
    const { gain: value, low, high, n } = change;
    return [{ benchmark, policy, name: 'gain', value, low, high, n }];
  });
}

/**
 * The change of a measure over trainings that differ in nothing but their seed. The interval is a bootstrap over clusters of
 * questions, in which all trainings of a question stay together: it says what other questions would have brought, not other seeds.
 * Undefined when nothing was measured before and after.
 */
export function pooledChange(runs: readonly Evaluated[], measure: Measure): PooledChange | undefined {
  const pairs = runs.flatMap((run, index) => pairsOf(run, measure).map((pair) => ({ ...pair, index })));
  if (pairs.length === 0) return undefined;
  const clusters = pairs.map(({ cluster }) => cluster);
  const differences = pairs.map(({ before, after }) => after - before);
  const { mean: gain, low, high } = pairedBootstrap(differences, { ...BOOTSTRAP, clusters });
  const byRun = runs.flatMap((_, index) => {
    const own = pairs.filter((pair) => pair.index === index);
    return own.length === 0 ? [] : [meanOf(own.map(({ before, after }) => after - before))];
  });
  return {
    before: meanOf(pairs.map(({ before }) => before)),
    after: meanOf(pairs.map(({ after }) => after)),
    ...{ gain, low, high, byRun, n: pairs.length, clusters: new Set(clusters).size },
  };
}

/** Means of a question before and after, for the questions that have both. */
function pairsOf({ before, after }: Evaluated, measure: Measure) {
  const earlier = promptMeans(before, measure);
  return [...promptMeans(after, measure)].flatMap(([id, { value, cluster }]) => {
    const old = earlier.get(id);
    return old ? [{ before: old.value, after: value, cluster }] : [];
  });
}

/** Mean of a measure per prompt; rollouts whose grader failed are left out. */
function promptMeans(samples: readonly Sample[], measure: Measure): Map<string, { value: number; cluster: string }> {
  const sums = new Map<string, { total: number; n: number; cluster: string }>();
  for (const sample of samples) {
    const value = measure(sample);
    if (value === null) continue;
    const { prompt, cluster } = sample;
    const sum = sums.get(prompt.id) ?? { total: 0, n: 0, cluster };
    sums.set(prompt.id, { total: sum.total + value, n: sum.n + 1, cluster });
  }
  return new Map([...sums].map(([id, { total, n, cluster }]) => [id, { value: total / n, cluster }]));
}

function right(verdict: Verdict | null): number | null {
  if (verdict === null) return 0;
  return verdict.correct === null ? null : Number(verdict.correct);
}
