import type { Ledger, Store } from '../../store/index.js';
import type { KnownRun } from './run-rows.js';

/** A ledger is counted from all rows of a run: of its time, no more than one part in so many is spent on that. */
const SPARING = 20;

/** The ledgers of runs, counted again when something changed, and of a run that grows now and then. */
export class Ledgers {
  readonly #kept = new Map<number, { readonly signature: string; readonly ledger: Ledger; readonly until: number }>();

  constructor(readonly store: Store) {}

  of({ run, stages, row }: KnownRun): Ledger {
    const signature = JSON.stringify([row.rollouts, row.updatedAt, stages]);
    const kept = this.#kept.get(run.id);
    if (kept && (kept.signature === signature || performance.now() < kept.until)) return kept.ledger;
    const started = performance.now();
    const ledger = this.store.ledger(run.id);
    const now = performance.now();
    this.#kept.set(run.id, { signature, ledger, until: now + SPARING * (now - started) });
    return ledger;
  }
}
