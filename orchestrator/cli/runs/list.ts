import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RunOrder, RunRow, RunStatus } from '../../browser/api/index.js';
import type { Reader } from '../../browser/reader/index.js';
import { type Column, formatTable, printJson, printText } from '../output.js';
import { localTime, tableWidth, withStore } from './open.js';
import { storeFile, withReader } from './reader.js';
import { sparkline } from './show-training.js';

export interface ListFlags {
  readonly runs: string;
  readonly json?: boolean;
  readonly status?: RunStatus;
  readonly tag?: string;
  readonly sort: RunOrder;
  readonly limit?: number;
}

/** Runs that are read at a time. */
const PAGE = 500;
/** Columns of a terminal that has room for the training curves, and of a curve. */
const WIDE = 110;
const CURVE_WIDTH = 20;

/** `vauto runs list`. A folder without a store is a folder without runs. */
export function listRuns(flags: ListFlags): void {
  const { runs, json, status, tag } = flags;
  const listed = existsSync(storeFile(runs)) ? withReader(runs, (reader) => readAll(reader, flags)) : [];
  if (json) printJson({ runs: withSeeds(runs, listed) });
  else if (listed.length > 0) printText(tableOf(listed));
  else if (status === undefined && tag === undefined)
    printText(`no runs in ${resolve(runs)}\nstart one with: vauto run RECIPE`);
  else printText(`no runs in ${resolve(runs)} match`);
}

function readAll(reader: Reader, { status, tag, sort, limit = Number.POSITIVE_INFINITY }: ListFlags): RunRow[] {
  const rows: RunRow[] = [];
  for (;;) {
    const count = Math.min(PAGE, limit - rows.length);
    const { runs, total } = reader.runs({ status, tag, sort, offset: rows.length, limit: count });
    rows.push(...runs);
    if (runs.length === 0 || rows.length >= Math.min(limit, total)) return rows;
  }
}

function withSeeds(runs: string, listed: readonly RunRow[]): (RunRow & { seed: number | null })[] {
  if (listed.length === 0) return [];
  const seeds = new Map(withStore(runs, (store) => store.listRuns()).map(({ name, seed }) => [name, seed]));
  return listed.map((run) => ({ ...run, seed: seeds.get(run.name) ?? null }));
}

function tableOf(listed: readonly RunRow[]): string {
  const tagged = listed.some(({ tags }) => tags.length > 0);
  const drawn = tableWidth() >= WIDE && listed.some(({ reward }) => reward.length > 1);
  const columns: Column[] = [
    ...[{ header: 'run', shrink: true }, { header: 'status' }, { header: 'stage' }, { header: 'started' }],
    ...[
      { header: 'accuracy', align: 'right' as const },
      { header: 'tokens', align: 'right' as const },
    ],
    ...(drawn ? [{ header: 'reward' }] : []),
    ...(tagged ? [{ header: 'tags', shrink: true }] : []),
  ];
  const rows = listed.map((run) => [
    ...[run.name, run.status, run.stage, localTime(run.createdAt)],
    ...[run.accuracy === null ? null : `${(100 * run.accuracy).toFixed(1)}%`, run.meanTokens?.toFixed(1)],
    ...(drawn ? [sparkline(run.reward, CURVE_WIDTH)] : []),
    ...(tagged ? [run.tags.join(', ')] : []),
  ]);
  const stopped = listed.find((run) => run.status === 'interrupted');
  const hint = stopped ? `\nto go on with an interrupted run: vauto runs show ${stopped.name} gives the command\n` : '';
  return `${formatTable(columns, rows, tableWidth())}${hint}`;
}
