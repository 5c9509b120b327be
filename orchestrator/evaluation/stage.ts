import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import { benchmarkSet, greedy, OVERALL, type Prompts, type Sampling } from '../records/index.js';
import type { MetricRow } from '../store/index.js';
import { chanceOf } from './chance.js';
import { comparePolicies } from './compare.js';
import { gainsOf, sampledAccuracy } from './gain.js';
import { metricsOf } from './metrics.js';
import { type Sample, samplesOf } from './sample.js';
import { forcedPasses, SWITCH_PASSES, sampledChoice, switchMetrics } from './switch.js';

export const name = 'evaluate';
/** Raise when the stage's output for the same inputs changes. */
export const version = 2;

export interface EvaluationSummary {
  readonly weights: string;
  readonly benchmarks: readonly string[];
  readonly generatedTokens: number;
  readonly engineSeconds: number;
  readonly rollouts: number;
}

/** What the result depends on, besides the weights, the engine and (for gains) the earlier evaluation. */
export function inputs(recipe: Recipe): unknown {
  const { evaluate, prompting, reward, video, engine, train } = recipe;
  const chooses = isSwitch(recipe) ? { adaptThink: train.adaptThink } : {};
  return {
    ...chooses,
    evaluate,
    prompting: { mode: prompting.mode, parsers: prompting.parsers },
    reward,
    video,
    engine,
  };
}

export function estimate(recipe: Recipe, prompts: ReadonlyMap<string, Prompts>): Estimate {
  const total = benchmarkSets(recipe).reduce((sum, { set }) => sum + (prompts.get(set)?.length ?? 0), 0);
  const greedy = 1 + (isSwitch(recipe) ? forcedPasses(recipe).length : 0);
  const rollouts = total * (greedy + recipe.evaluate.samples.count);
  return { rollouts, tokens: rollouts * recipe.evaluate.maxTokens, steps: 0 };
}

/** Whether the model itself chooses to think, so that each policy has replies of its own. */
function isSwitch({ prompting }: Recipe): boolean {
  return prompting.mode === 'adapt-think';
}

/** Benchmarks of a recipe with the name of their prompt set in the store. */
export function benchmarkSets(recipe: Recipe): { benchmark: string; set: string }[] {
  return recipe.data.benchmarks.map(({ name: benchmark }) => ({ benchmark, set: benchmarkSet(benchmark) }));
}

/**
 * One greedy pass that records both answers, from which the policies never, always and auto are read, and one sampled
 * pass at the training temperature; of a model that chooses itself also one greedy pass that is made to answer at once and
 * one that is made to think. `before` is the stage whose rows the gains are paired with.
 */
export async function run(
  context: StageContext,
  weights: string,
  before?: number,
): Promise<StageResult<EvaluationSummary>> {
  const { recipe } = context;
  const { maxTokens, thinkBudget, samples } = recipe.evaluate;
  const totals = { generatedTokens: 0, engineSeconds: 0, rollouts: 0 };
  const passes: { pass: string; count: number; sampling: Sampling; begin?: string }[] = [
    { pass: 'greedy', count: 1, sampling: greedy(maxTokens) },
    ...(isSwitch(recipe) ? forcedPasses(recipe) : []).map((forced) => {
      return { ...forced, count: 1, sampling: greedy(maxTokens) };
    }),
    {
      pass: 'sampled',
      count: samples.count,
      sampling: { temperature: samples.temperature, topP: 1, topK: 0, maxTokens, stop: [] },
    },
  ];
  for (const { benchmark, set } of benchmarkSets(recipe)) {
    for (const pass of passes.filter((item) => item.count > 0)) {
      const prompts = context.prompts.get(set) ?? [];
      const summary = await context.collect(weights, { ...pass, set, prompts, thinkBudget });
      totals.generatedTokens += summary.generatedTokens;
      totals.engineSeconds += summary.engineSeconds;
      totals.rollouts += summary.rollouts;
    }
    const passed = samplesOfSets(context, context.stageId, [set]);
    context.store.saveMetrics(context.stageId, [
      ...policyMetrics(recipe, benchmark, passed),
      { benchmark, policy: 'chance', ...(await chance(context, passed)) },
      ...gains(context, benchmark, [set], passed, before),
    ]);
  }
  const sets = benchmarkSets(recipe).map((item) => item.set);
  const all = samplesOfSets(context, context.stageId, sets);
  context.store.saveMetrics(context.stageId, [
    ...policyMetrics(recipe, OVERALL, all),
    ...gains(context, OVERALL, sets, all, before),
  ]);
  const benchmarks = recipe.data.benchmarks.map((item) => item.name);
  return { summary: { weights, benchmarks, ...totals }, artifacts: [] };
}

/** Metrics of each policy on the greedy traces, what the policies do beside each other, and accuracy when sampled. */
function policyMetrics(recipe: Recipe, benchmark: string, samples: readonly Sample[]): MetricRow[] {
  const { evaluate } = recipe;
  const sampled = ofPass(samples, 'sampled');
  return [
    ...(isSwitch(recipe)
      ? switchMetrics(benchmark, samples, evaluate.policies)
      : gateMetrics(recipe, benchmark, ofPass(samples, 'greedy'))),
    ...(sampled.length > 0 ? [{ benchmark, policy: 'sampled', ...sampledAccuracy(sampled) }] : []),
    ...(sampled.length > 0 && isSwitch(recipe) ? sampledChoice(benchmark, sampled) : []),
  ];
}

function gateMetrics({ evaluate }: Recipe, benchmark: string, greedy: readonly Sample[]): MetricRow[] {
  return [
    ...evaluate.policies.flatMap((policy) =>
      metricsOf(greedy, policy, evaluate.threshold).map((metric) => ({ benchmark, policy, ...metric })),
    ),
    ...comparePolicies(greedy, evaluate.policies, evaluate.threshold).map((metric) => ({ benchmark, ...metric })),
  ];
}

function chance({ recipe, verifyMath }: StageContext, samples: readonly Sample[]) {
  return chanceOf(ofPass(samples, 'greedy'), recipe.reward.correctThreshold, verifyMath);
}

/** Changes since the stage `before`, paired by prompt. */
function gains(
  context: StageContext,
  benchmark: string,
  sets: readonly string[],
  samples: readonly Sample[],
  before: number | undefined,
): MetricRow[] {
  if (before === undefined) return [];
  const earlier = samplesOfSets(context, before, sets);
  return isSwitch(context.recipe)
    ? gainsOf(benchmark, earlier, samples, POLICY_OF_SWITCH_PASS)
    : gainsOf(benchmark, earlier, samples);
}

/** `sampled` is a pass of its own, whatever the mode. */
const POLICY_OF_SWITCH_PASS = {
  ...Object.fromEntries(Object.entries(SWITCH_PASSES).map(([policy, pass]) => [pass, policy])),
  sampled: 'sampled',
};

function ofPass(samples: readonly Sample[], pass: string): Sample[] {
  return samples.filter((sample) => sample.pass === pass);
}

/** The stored traces of prompt sets, with their prompts. */
function samplesOfSets({ store, prompts }: StageContext, stageId: number, sets: readonly string[]): Sample[] {
  return samplesOf(store, stageId, new Map(sets.map((set) => [set, prompts.get(set) ?? []])));
}
