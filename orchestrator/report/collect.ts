import { z } from 'zod';
import { endsOf } from '../statistics/index.js';
import type { MetricRow, StageRecord, Store } from '../store/index.js';
import type { Estimate, Frontier, Gain, ReportData, TableRow } from './data.js';
import { choosesItself, describeEnvironment, describeRecipe, recipeThreshold } from './describe.js';
import { pickTraces, type Thumbnails } from './traces.js';

export interface ReportOptions {
  /** Sample traces to show. */
  readonly traces: number;
  /** Frames of a prompt as data URIs; none when left out. */
  readonly thumbnails?: Thumbnails;
}

/** The sweep's result as far as the report shows it; stages know each other by their results only. */
const frontierSchema = z.object({
  n: z.number(),
  points: z.array(
    z.object({ threshold: z.number(), accuracy: z.number(), thinkRatio: z.number(), meanTokens: z.number() }),
  ),
  bands: z
    .array(
      z.object({
        threshold: z.number(),
        accuracy: z.object({ low: z.number(), high: z.number() }),
        meanTokens: z.object({ low: z.number(), high: z.number() }),
      }),
    )
    .default([]),
  never: z.object({ accuracy: z.number(), meanTokens: z.number() }),
  always: z.object({ accuracy: z.number(), meanTokens: z.number() }),
  chosen: z
    .object({
      threshold: z.number(),
      rule: z.string(),
      accuracy: z.number(),
      ci: z.tuple([z.number(), z.number()]).nullish(),
      n: z.number().nullish(),
    })
    .nullish(),
  calibration: z
    .object({
      ece: z.number(),
      auroc: z.number().nullish(),
      scaling: z
        .object({ temperature: z.number(), eceBefore: z.number(), eceAfter: z.number(), n: z.number() })
        .nullish(),
      bins: z.array(
        z.object({ low: z.number(), high: z.number(), n: z.number(), confidence: z.number(), accuracy: z.number() }),
      ),
    })
    .nullish(),
});
const livePointSchema = z.object({ accuracy: z.number(), thinkRatio: z.number(), meanTokens: z.number() });
const liveSchema = z.object({
  threshold: z.number(),
  n: z.number(),
  predicted: livePointSchema,
  live: livePointSchema,
  same: z.number(),
  modes: z.record(z.string(), z.number()),
  wastedTokens: z.number(),
  confidenceError: z.number(),
});
const sweepSchema = z.object({
  pooled: frontierSchema,
  benchmarks: z.record(z.string(), frontierSchema),
  live: liveSchema.nullish(),
});
const filterSchema = z.object({
  exact: z.boolean().default(true),
  passHistogram: z.array(z.number()),
  saved: z.object({ rollouts: z.number() }).default({ rollouts: 0 }),
  keep: z.number(),
  drop: z.number(),
  unknown: z.number(),
});

/** Reads everything that a report shows from the store. */
export async function collectReport(store: Store, runId: number, options: ReportOptions): Promise<ReportData> {
  const run = store.listRuns().find((item) => item.id === runId);
  if (!run) throw new Error(`there is no run ${runId}`);
  const stages = new Map(store.stages(runId).map((stage) => [stage.name, stage]));
  const metrics = store.metrics(runId);
  const chooses = choosesItself(run.recipe);
  const frontiers = chooses ? [] : frontiersOf(stages.get('sweep'));
  const threshold = frontiers[0]?.chosen?.threshold ?? recipeThreshold(run.recipe);
  const ledger = store.ledger(runId);
  const evaluated = stages.get('evaluate');
  return {
    run: run.name,
    choosesItself: chooses,
    startedAt: run.createdAt,
    recipe: describeRecipe(run.recipe, run.seed),
    environment: describeEnvironment(run.environment),
    counts: {
      prompts: ledger.prompts,
      rollouts: ledger.rollouts,
      failures: ledger.failures,
      lost: ledger.lost,
    },
    filter: filterOf(stages.get('filter')),
    training: trainingOf(store, runId),
    threshold,
    table: tableOf(metrics),
    gains: gainsOf(metrics),
    frontiers,
    live: liveOf(stages.get('sweep')),
    traces: evaluated ? await pickTraces(store, runId, evaluated.id, chooses ? null : threshold, options) : [],
    warnings: warningsOf(store, runId),
  };
}

function frontiersOf(stage: StageRecord | undefined): Frontier[] {
  if (stage?.status !== 'done') return [];
  const { pooled, benchmarks } = sweepSchema.parse(stage.result);
  const each = Object.entries(benchmarks).map(([benchmark, result]) => frontierOf(benchmark, result));
  return [frontierOf(null, pooled), ...each];
}

function liveOf(stage: StageRecord | undefined): ReportData['live'] {
  return stage?.status === 'done' ? (sweepSchema.parse(stage.result).live ?? null) : null;
}

function frontierOf(
  benchmark: string | null,
  { chosen, calibration, ...rest }: z.infer<typeof frontierSchema>,
): Frontier {
  return {
    ...rest,
    benchmark,
    chosen: chosen ? { ...chosen, ci: chosen.ci ?? null, n: chosen.n ?? null } : null,
    calibration: calibration
      ? { ...calibration, auroc: calibration.auroc ?? null, scaling: calibration.scaling ?? null }
      : null,
  };
}

function filterOf(stage: StageRecord | undefined): ReportData['filter'] {
  if (stage?.status !== 'done') return null;
  const { passHistogram, saved, ...rest } = filterSchema.parse(stage.result);
  return { rollouts: passHistogram.length - 1, histogram: passHistogram, saved: saved.rollouts, ...rest };
}

function trainingOf(store: Store, runId: number): ReportData['training'] {
  const points = store.steps(runId).flatMap(({ step, metrics }) => {
    const reward = metrics.reward_mean;
    return typeof reward === 'number' ? [{ step, reward }] : [];
  });
  if (points.length === 0) return null;
  const { first, last } = endsOf(points.map(({ reward }) => reward));
  return { points, rewardFirst: first, rewardLast: last };
}

type StagedMetric = MetricRow & { readonly stage: string };

function tableOf(metrics: readonly StagedMetric[]): TableRow[] {
  const accuracies = metrics.filter((metric) => metric.name === 'accuracy');
  const keys = new Map(accuracies.map(({ benchmark, policy }) => [`${benchmark}\0${policy}`, { benchmark, policy }]));
  return [...keys.values()].map(({ benchmark, policy }) => {
    const find = (stage: string, name: string) =>
      metrics.find(
        (item) => item.stage === stage && item.benchmark === benchmark && item.policy === policy && item.name === name,
      );
    const cost = (name: string) => {
      const [before, after] = [find('evaluate-before', name)?.value ?? null, find('evaluate', name)?.value ?? null];
      return { before, now: after ?? before };
    };
    const [before, after] = [estimateOf(find('evaluate-before', 'accuracy')), estimateOf(find('evaluate', 'accuracy'))];
    return { benchmark, policy, before, after, tokens: cost('tokens'), thinkRatio: cost('think-ratio') };
  });
}

function gainsOf(metrics: readonly StagedMetric[]): Gain[] {
  return metrics.flatMap((metric) => {
    const gain = metric.name === 'gain' ? estimateOf(metric) : null;
    return gain ? [{ benchmark: metric.benchmark, policy: metric.policy, gain }] : [];
  });
}

function estimateOf(metric: MetricRow | undefined): Estimate | null {
  if (metric === undefined || metric.value === null) return null;
  return { value: metric.value, low: metric.low ?? null, high: metric.high ?? null, n: metric.n };
}

/** One line a kind, with how often it came. */
function warningsOf(store: Store, runId: number): string[] {
  const kinds = new Map<string, { message: string; n: number }>();
  for (const { level, kind, message } of store.events(runId)) {
    if (level !== 'info') kinds.set(kind, { message, n: (kinds.get(kind)?.n ?? 0) + 1 });
  }
  return [...kinds.values()].map(({ message, n }) => (n > 1 ? `${message} (${n} times)` : message));
}
