import { join } from 'node:path';
import { type MetricRow, openStore } from '../store/index.js';
import { formatSeconds, formatTable } from './output.js';

export interface RunSummary {
  readonly text: string;
  readonly json: unknown;
}

/** What a finished `vauto run` says: accuracy and tokens by policy, and where the report lies. */
export function summariseRun(runsFolder: string, name: string, seconds: number): RunSummary {
  const store = openStore(join(runsFolder, 'vauto.db'));
  try {
    const run = store.findRun(name);
    if (!run) throw new Error(`run ${name} is not in the store that it was just written to`);
    const metrics = store.metrics(run.id).filter((metric) => metric.stage === 'evaluate');
    const stages = store
      .stages(run.id)
      .map(({ name: stage, status, seconds: took, reuses }) => ({ stage, status, seconds: took, reuses }));
    const page = store.artifacts(run.id).find((artifact) => artifact.name === 'report.html');
    const report = page ? join(run.folder, page.path) : null;
    const json = { run: name, status: run.status, seconds, folder: run.folder, report, stages, metrics };
    return { text: textOf(name, metrics, report, seconds), json };
  } finally {
    store.close();
  }
}

function textOf(name: string, metrics: readonly MetricRow[], report: string | null, seconds: number): string {
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
  const where = report === null ? '' : `\nreport: ${report}`;
  return `${table}${where}\ndone in ${formatSeconds(seconds)}; next: vauto runs show ${name}\n`;
}
