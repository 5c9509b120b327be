import { OUTCOMES } from '../../browser/api/index.js';
import { RunRows } from '../../browser/reader/run-rows.js';
import type { RunTable } from '../../browser/reader/table.js';
import { RunTables } from '../../browser/reader/tables.js';
import { thresholdOfRun } from '../../browser/reader/threshold.js';
import { type Ends, openViewer, type RunRecord, type Store, type ViewedRollout } from '../../store/index.js';
import { type FilterFlags, type OrderFlags, traceFilter } from './rollout-filter.js';
import { searchRun } from './search-index.js';

/** The rollouts of a run that fit, in order. Their numbers are in memory (about 70 bytes each), their texts are not. */
export interface Selection {
  readonly length: number;
  /** Of the gate: the one asked for, or the run's. */
  readonly threshold: number;
  /** Whole rollouts from a place on. */
  page(offset: number, limit: number): ViewedRollout[];
  /** The place of the first one behind a rollout, in the order of commit; undefined when the run has no such rollout. */
  placeBehind(id: number): number | undefined;
  idAt(place: number): number | undefined;
}

/** Selects, hands it on and closes what it reads from. */
export async function withSelection<Result>(
  store: Store,
  run: RunRecord,
  flags: FilterFlags & OrderFlags,
  use: (selection: Selection) => Result | Promise<Result>,
): Promise<Result> {
  const viewer = openViewer(store.file);
  try {
    const known = new RunRows(viewer).find(run.name);
    if (known === undefined) throw new Error(`run ${run.name} went away`);
    const threshold = flags.threshold ?? thresholdOfRun(store, run).value;
    const words = flags.search;
    const search = words === undefined ? undefined : (ends: Ends) => searchRun(store.file, viewer, run.id, words, ends);
    const { table, rows } = new RunTables(viewer).select(known, traceFilter(flags), threshold, search);
    const wanted = inOrder(flags.wrong ? rows.filter((row) => isWrong(table, row)) : rows, flags);
    const idAt = (place: number) => (place < wanted.length ? table.id.values[wanted[place] ?? 0] : undefined);
    return await use({
      ...{ length: wanted.length, threshold, idAt },
      page: (offset, limit) =>
        viewer.rollouts(Array.from(wanted.subarray(offset, offset + limit), (row) => table.id.values[row] ?? 0)),
      placeBehind: (id) => {
        const last = table.rowOf(id);
        if (last === undefined) return undefined;
        const place = wanted.findIndex((row) => row > last);
        return place < 0 ? wanted.length : place;
      },
    });
  } finally {
    viewer.close();
  }
}

/** Without a sort asked for: stage by stage, as they were committed. */
function inOrder(rows: Uint32Array, { sort }: OrderFlags): Uint32Array {
  return sort === undefined ? rows.slice().sort() : rows;
}

const WRONG = [OUTCOMES.indexOf('wrong'), OUTCOMES.indexOf('none')];

/** By the answer that counts; none is wrong, too. */
function isWrong(table: RunTable, row: number): boolean {
  return WRONG.includes(table.second.values[row] ?? -1);
}
