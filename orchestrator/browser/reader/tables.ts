import { LRUCache } from 'lru-cache';
import type { Ends, Found, Viewer } from '../../store/index.js';
import type { TraceFilter } from '../api/index.js';
import type { KnownRun } from './run-rows.js';
import { select } from './select.js';
import { RunTable } from './table.js';

/** Rollouts held in memory, over all runs; about 70 bytes each. */
const MOST_ROWS = 4_000_000;
/** An order that was asked for is kept for so long, so that a table that grows does not move under its reader. */
const KEPT_MS = 2000;
const KEPT_ORDERS = 16;

interface Kept {
  readonly rows: Uint32Array;
  readonly length: number;
  readonly at: number;
}

/** The tables of the runs looked at last, and the orders asked of them last. */
export class RunTables {
  readonly #tables = new Map<number, { readonly table: RunTable; readonly orders: LRUCache<string, Kept> }>();

  constructor(readonly viewer: Viewer) {}

  /** The run's rollouts as they stand now. */
  of({ run, stages }: KnownRun): RunTable {
    return this.#entry(run.id, stages).table;
  }

  /** Rows of the run that fit, in the order asked for. `search`: what the filter's words find, for the rows known so far. */
  select(known: KnownRun, filter: TraceFilter, threshold: number, search?: (ends: Ends) => Found) {
    const { table, orders } = this.#entry(known.run.id, known.stages);
    const key = JSON.stringify([filter, threshold, search === undefined]);
    const kept = orders.get(key);
    const fresh = kept !== undefined && (kept.length === table.length || performance.now() - kept.at < KEPT_MS);
    // What a search finds grows while it is being indexed.
    if (fresh && (search === undefined || performance.now() - kept.at < KEPT_MS)) return { table, rows: kept.rows };
    const rows = select(table, filter, threshold, search?.(table.ends));
    orders.set(key, { rows, length: table.length, at: performance.now() });
    return { table, rows };
  }

  #entry(runId: number, stages: KnownRun['stages']) {
    const known = this.#tables.get(runId);
    const whole = known?.table.update(stages) === true;
    const entry =
      whole && known
        ? known
        : { table: new RunTable(this.viewer, runId), orders: new LRUCache<string, Kept>({ max: KEPT_ORDERS }) };
    if (entry !== known) entry.table.update(stages);
    this.#tables.delete(runId);
    this.#tables.set(runId, entry);
    this.#forget();
    return entry;
  }

  #forget(): void {
    let rows = 0;
    for (const [runId, { table }] of [...this.#tables].reverse()) {
      rows += table.length;
      if (rows > MOST_ROWS && rows > table.length) this.#tables.delete(runId);
    }
  }
}
