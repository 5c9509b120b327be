import { z } from 'zod';
import { stageAsItStands } from '../../pipeline/as-it-stands.js';
import type { Ledger, MetricRow, Store } from '../../store/index.js';
import type { Estimate, EvaluationRow, FilterView, RunDetail, StageView } from '../api/index.js';
import type { KnownRun, RunRows } from './run-rows.js';
import { thresholdOf } from './threshold.js';

const counts = { prompts: z.number(), keep: z.number(), easy: z.number(), hard: z.number(), unknown: z.number() };
const filterSchema = z.object({
  ...{ ...counts, drop: z.number(), rollouts: z.number(), exact: z.boolean(), passHistogram: z.array(z.number()) },
  saved: z.object({ rollouts: z.number(), tokens: z.number() }),
  groups: z.array(z.object({ source: z.string(), problemType: z.string(), ...counts })),
}) satisfies z.ZodType<FilterView>;

const DIFFERENCES = new Set(['gain', 'versus-never', 'versus-always', 'token-saving']);

/** GET /api/runs/:run */
export function runDetail(store: Store, rows: RunRows, known: KnownRun, ledger: Ledger): RunDetail {
  const record = store.findRun(known.run.name);
  if (record === undefined) throw new Error(`run ${known.run.name} went away`);
  const stages = store.stages(record.id);
  const resultOf = (name: string) => stages.find((stage) => stage.name === name && stage.status === 'done')?.result;
  const metrics = store.metrics(record.id);
  const events = store.events(record.id);
  const command = events.filter(({ kind }) => kind === 'command').at(-1)?.message ?? null;
  const stopped = known.run.status === 'interrupted' || known.run.status === 'failed';
  return {
    run: { ...rows.withReward(known), seed: record.seed },
    resume: stopped ? command : null,
    stages: stageViews(store, known),
    ledger,
    filter: filterSchema.safeParse(resultOf('filter')).data ?? null,
    evaluation: evaluationOf(metrics),
    differences: metrics.filter(({ name }) => DIFFERENCES.has(name)),
    artifacts: store.artifacts(record.id),
    warnings: warningsOf(events),
    threshold: choosesItself(record.recipe) ? null : thresholdOf(record.recipe, resultOf('sweep')),
    recipeText: record.recipeText,
    environment: record.environment,
  };
}

export function stageViews(store: Store, { run }: KnownRun): StageView[] {
  return store.stages(run.id, { all: true }).map((stage) => {
    const { id: _id, result: _result, ...view } = stageAsItStands(run, stage);
    return view;
  });
}

/** In the mode adapt-think the model chooses, and there is no gate. */
function choosesItself(recipe: unknown): boolean {
  return (recipe as { prompting?: { mode?: string } } | null)?.prompting?.mode === 'adapt-think';
}

type StagedMetric = MetricRow & { readonly stage: string };

function evaluationOf(metrics: readonly StagedMetric[]): EvaluationRow[] {
  return metrics
    .filter(({ name }) => name === 'accuracy')
    .map((metric) => {
      const { stage, benchmark, policy } = metric;
      const other = (name: string) =>
        metrics.find(
          (item) =>
            item.stage === stage && item.benchmark === benchmark && item.policy === policy && item.name === name,
        )?.value ?? null;
      const row = { stage, benchmark, policy, accuracy: estimateOf(metric) };
      return { ...row, tokens: other('tokens'), thinkRatio: other('think-ratio') };
    });
}

function estimateOf({ value, low, high, n }: MetricRow): Estimate {
  return { value, low: low ?? null, high: high ?? null, n };
}

function warningsOf(events: ReturnType<Store['events']>): RunDetail['warnings'] {
  const kinds = new Map<string, { kind: string; message: string; n: number }>();
  for (const { level, kind, message } of events)
    if (level !== 'info') kinds.set(kind, { kind, message, n: (kinds.get(kind)?.n ?? 0) + 1 });
  return [...kinds.values()];
}
