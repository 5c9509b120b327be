import { bootstrapMean } from '../statistics/index.js';
import type { MetricRow } from '../store/index.js';
import type { Sample } from './sample.js';

export type Policy = 'never' | 'always' | 'auto';
type Value = Omit<MetricRow, 'benchmark' | 'policy'>;

/** Metrics of greedy samples under a policy: which answer counts, and what it cost. */
export function metricsOf(samples: readonly Sample[], policy: Policy, threshold: number): Value[] {
  const rows = samples.map((sample) => {
    const exit =
      policy === 'never' ||
      (policy === 'auto' && sample.trace.confidence !== null && sample.trace.confidence >= threshold);
    return {
      sample,
      exit,
      verdict: exit ? sample.verdicts.first : sample.verdicts.second,
      tokens: exit ? sample.trace.tokens.first : sample.trace.tokens.total,
    };
  });
  const clusters = samples.map((sample) => sample.cluster);
  const metric = (name: string, values: number[], of = clusters): Value => {
    if (values.length === 0) return { name, value: 0, n: 0 };
    const { mean, low, high } = bootstrapMean(values, { clusters: of, seed: 1, draws: 2000, level: 0.95 });
    return { name, value: mean, low, high, n: values.length };
  };
  const metrics = [
    metric(
      'accuracy',
      rows.map((row) => Number(row.verdict?.correct ?? false)),
    ),
    metric(
      'tokens',
      rows.map((row) => row.tokens),
    ),
    metric(
      'think-ratio',
      rows.map((row) => Number(!row.exit)),
    ),
    metric(
      'unparsed',
      rows.map((row) => Number(row.verdict === null || row.verdict.state === 'unparsed')),
    ),
    metric(
      'format',
      rows.map((row) => row.sample.trace.format),
    ),
  ];
  const type = samples[0]?.prompt.problemType;
  if (type === 'iou' || type === 'gqa') {
    // A gqa verdict's value is letter + IoU; what is left of it without the letter is the IoU.
    const ious = rows.map((row) =>
      iouOf(row.verdict?.value ?? 0, type, row.verdict?.normalised ?? '', row.sample.prompt.answer),
    );
    metrics.push(metric('miou', ious));
    for (const level of [0.3, 0.5, 0.7])
      metrics.push(
        metric(
          `recall@${level}`,
          ious.map((iou) => Number(iou >= level)),
        ),
      );
  }
  return metrics;
}

function iouOf(value: number, type: 'iou' | 'gqa', normalised: string, letter: string): number {
  if (type === 'iou') return value;
  return normalised.startsWith(`${letter} `) ? value - 1 : value;
}
