import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asItStands } from '../../pipeline/as-it-stands.js';
import type { MetricRow, RunRecord, Store } from '../../store/index.js';
import { formatTable, printJson, printText } from '../output.js';
import { localTime, tableWidth, withStore } from './open.js';

interface ListedRun extends Pick<RunRecord, 'name' | 'status' | 'reason' | 'createdAt' | 'updatedAt' | 'seed'> {
  /** The stage that is or was worked on last. */
  readonly stage: string | null;
  readonly stagesDone: number;
  /** Accuracy under the policy auto, mean over the benchmarks of the last evaluation. */
  readonly accuracy: number | null;
  readonly meanTokens: number | null;
}

/** `vauto runs list`. A folder without a store is a folder without runs. */
export function listRuns({ runs, json }: { runs: string; json?: boolean }): void {
  const listed = existsSync(join(resolve(runs), 'vauto.db'))
    ? withStore(runs, (store) => store.listRuns().map((run) => describe(store, asItStands(run))))
    : [];
  if (json) {
    printJson({ runs: listed });
    return;
  }
  if (listed.length === 0) {
    printText(`no runs in ${resolve(runs)}\nstart one with: vauto run RECIPE`);
    return;
  }
  const columns = [
    { header: 'run', shrink: true },
    { header: 'status' },
    { header: 'stage' },
    { header: 'started' },
    { header: 'accuracy', align: 'right' as const },
    { header: 'tokens', align: 'right' as const },
  ];
  const rows = listed.map((run) => [
    ...[run.name, run.status, run.stage, localTime(run.createdAt)],
    ...[run.accuracy === null ? null : `${(100 * run.accuracy).toFixed(1)}%`, run.meanTokens?.toFixed(1)],
  ]);
  const stopped = listed.find((run) => run.status === 'interrupted');
  const hint = stopped ? `\nto go on with an interrupted run: vauto runs show ${stopped.name} gives the command\n` : '';
  printText(`${formatTable(columns, rows, tableWidth())}${hint}`);
}

function describe(store: Store, run: RunRecord): ListedRun {
  const { name, status, reason, createdAt, updatedAt, seed } = run;
  const stages = store.stages(run.id);
  const metrics = store.metrics(run.id).filter((metric) => metric.stage === 'evaluate' && metric.policy === 'auto');
  return {
    ...{ name, status, reason, createdAt, updatedAt, seed },
    stage: stages.at(-1)?.name ?? null,
    stagesDone: stages.filter((stage) => stage.status === 'done').length,
    accuracy: meanOf(metrics, 'accuracy'),
    meanTokens: meanOf(metrics, 'tokens'),
  };
}

function meanOf(metrics: readonly MetricRow[], name: string): number | null {
  const values = metrics.flatMap((metric) => (metric.name === name && metric.value !== null ? [metric.value] : []));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
