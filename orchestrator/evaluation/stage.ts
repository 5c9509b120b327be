import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt, Sampling } from '../records/index.js';
import type { MetricRow, RolloutRow } from '../store/index.js';
import { chanceOf } from './chance.js';
import { gainsOf, sampledAccuracy } from './gain.js';
import { metricsOf } from './metrics.js';
import type { Sample } from './sample.js';

export const name = 'evaluate';
/** Raise when the stage's output for the same inputs changes. */
export const version = 1;

export interface EvaluationSummary {
  readonly weights: string;
  readonly benchmarks: readonly string[];
  readonly generatedTokens: number;
  readonly engineSeconds: number;
  readonly rollouts: number;
}

/** What the result depends on, besides the weights, the engine and (for gains) the earlier evaluation. */
export function inputs(recipe: Recipe): unknown {
  const { evaluate, prompting, reward, video, engine } = recipe;
  return { evaluate, prompting: prompting.mode, reward, video, engine };
}

export function estimate(recipe: Recipe, prompts: ReadonlyMap<string, readonly Prompt[]>): Estimate {
  const total = benchmarkSets(recipe).reduce((sum, { set }) => sum + (prompts.get(set)?.length ?? 0), 0);
  const rollouts = total * (1 + recipe.evaluate.samples.count);
  return { rollouts, tokens: rollouts * recipe.evaluate.maxTokens, steps: 0 };
}

/** Benchmarks of a recipe with the name of their prompt set in the store. */
export function benchmarkSets(recipe: Recipe): { benchmark: string; set: string }[] {
  return recipe.data.benchmarks.map(({ name: benchmark }) => ({ benchmark, set: `benchmark:${benchmark}` }));
}

/**
 * One greedy pass that records both answers, from which the policies never, always and auto are read, and one sampled
 * pass at the training temperature. `before` is the stage whose rows the gains are paired with.
 */
export async function run(
  context: StageContext,
  weights: string,
  before?: number,
): Promise<StageResult<EvaluationSummary>> {
  const { recipe } = context;
  const { maxTokens, samples } = recipe.evaluate;
  const totals = { generatedTokens: 0, engineSeconds: 0, rollouts: 0 };
  const passes: { pass: string; count: number; sampling: Sampling }[] = [
    { pass: 'greedy', count: 1, sampling: { temperature: 0, topP: 1, topK: 0, maxTokens, stop: [] } },
    {
      pass: 'sampled',
      count: samples.count,
      sampling: { temperature: samples.temperature, topP: 1, topK: 0, maxTokens, stop: [] },
    },
  ];
  for (const { benchmark, set } of benchmarkSets(recipe)) {
    for (const { pass, count, sampling } of passes.filter((item) => item.count > 0)) {
      const prompts = context.prompts.get(set) ?? [];
      const summary = await context.collect(weights, { pass, set, prompts, count, sampling });
      totals.generatedTokens += summary.generatedTokens;
      totals.engineSeconds += summary.engineSeconds;
      totals.rollouts += summary.rollouts;
    }
    context.store.saveMetrics(context.stageId, await benchmarkMetrics(context, benchmark, set, before));
  }
  const benchmarks = recipe.data.benchmarks.map((item) => item.name);
  return { summary: { weights, benchmarks, ...totals }, artifacts: [] };
}

async function benchmarkMetrics(
  context: StageContext,
  benchmark: string,
  set: string,
  before: number | undefined,
): Promise<MetricRow[]> {
  const { recipe, store } = context;
  const prompts = context.prompts.get(set) ?? [];
  const rows = [...store.stageRows(context.stageId)].filter((row) => row.set === set);
  const greedy = samplesOf(
    rows.filter((row) => row.pass === 'greedy'),
    prompts,
  );
  const sampled = samplesOf(
    rows.filter((row) => row.pass === 'sampled'),
    prompts,
  );
  const metrics: MetricRow[] = recipe.evaluate.policies.flatMap((policy) =>
    metricsOf(greedy, policy, recipe.evaluate.threshold).map((metric) => ({ benchmark, policy, ...metric })),
  );
  metrics.push({
    benchmark,
    policy: 'chance',
    ...(await chanceOf(greedy, recipe.reward.correctThreshold, context.verifyMath)),
  });
  if (sampled.length > 0) metrics.push({ benchmark, policy: 'sampled', ...sampledAccuracy(sampled) });
  if (before !== undefined) {
    const earlier = [...store.stageRows(before)].filter((row) => row.set === set);
    metrics.push(...gainsOf(benchmark, samplesOf(earlier, prompts), [...greedy, ...sampled]));
  }
  return metrics;
}

/** Pairs rows with their prompts; samples about one video form a cluster for the intervals. */
function samplesOf(rows: readonly RolloutRow[], prompts: readonly Prompt[]): Sample[] {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  return rows.flatMap(({ promptId, pass, trace, verdicts }) => {
    const prompt = byId.get(promptId);
    if (!prompt) return [];
    return [{ prompt, cluster: prompt.media[0]?.sha256 ?? prompt.id, pass, trace, verdicts }];
  });
}
