import { join } from 'node:path';
import { z } from 'zod';
import { type MetricRow, openStore } from '../store/index.js';
import { type PushTarget, pushedTo } from '../training/push.js';
import { formatSeconds, formatTable } from './output.js';

export interface RunSummary {
  readonly text: string;
  readonly json: unknown;
}

/** What a finished `vauto run` says: accuracy and tokens by policy, and where the report lies. */
export function summariseRun(runsFolder: string, name: string, seconds: number): RunSummary {
  const store = openStore(join(runsFolder, 'vauto.db'), { readonly: true });
  try {
    const run = store.findRun(name);
    if (!run) throw new Error(`run ${name} is not in the store that it was just written to`);
    const metrics = store.metrics(run.id).filter((metric) => metric.stage === 'evaluate');
    const stages = store
      .stages(run.id)
      .map(({ name: stage, status, seconds: took, reuses }) => ({ stage, status, seconds: took, reuses }));
    const page = store.artifacts(run.id).find((artifact) => artifact.name === 'report.html');
    const report = page ? join(run.folder, page.path) : null;
    const { push } = recipeSchema.parse(run.recipe).train;
    const pushed = (push && pushedTo(store, run.id, push)) ?? null;
    const json = { run: name, status: run.status, seconds, folder: run.folder, report, pushed, stages, metrics };
    return { text: textOf(name, metrics, { report, pushed }, seconds), json };
  } finally {
    store.close();
  }
}

/** What a recipe has of it; one of an older version may lack everything. */
const recipeSchema = z.object({ train: z.object({ push: z.custom<PushTarget>().optional() }).prefault({}) });

interface Places {
  readonly report: string | null;
  /** The policy's commit on the Hub. */
  readonly pushed: string | null;
}

function textOf(name: string, metrics: readonly MetricRow[], { report, pushed }: Places, seconds: number): string {
  const benchmarks = [...new Set(metrics.map((metric) => metric.benchmark))];
  const find = (benchmark: string, policy: string, metric: string) =>
    metrics.find((row) => row.benchmark === benchmark && row.policy === policy && row.name === metric)?.value ?? null;
  const percent = (value: number | null) => (value === null ? '–' : (value * 100).toFixed(1));
  const rows = benchmarks.map((benchmark) => [
    benchmark,
    ...['never', 'always', 'auto'].map((policy) => percent(find(benchmark, policy, 'accuracy'))),
    percent(find(benchmark, 'auto', 'think-ratio')),
    ...['always', 'auto'].map((policy) => find(benchmark, policy, 'tokens')?.toFixed(1) ?? '–'),
  ]);
  const heads = ['benchmark', 'never', 'always', 'auto', 'think %', 'tokens always', 'auto'];
  const table =
    rows.length === 0
      ? ''
      : formatTable(
          heads.map((title, index) => ({ header: title, align: index === 0 ? ('left' as const) : ('right' as const) })),
          rows,
        );
  const where = `${pushed === null ? '' : `\npolicy: ${pushed}`}${report === null ? '' : `\nreport: ${report}`}`;
  return `${table}${where}\ndone in ${formatSeconds(seconds)}; next: vauto runs show ${name}\n`;
}
