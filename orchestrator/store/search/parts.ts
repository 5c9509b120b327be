import type Database from 'better-sqlite3';
import { BLOCK, BLOCK_TOKEN } from './file.js';

/** What is looked for, and among which rollouts. */
export interface Search {
  /** As FTS5 takes it. */
  readonly terms: string;
  /** Ids of the first rollout and the last. */
  readonly first: number;
  readonly last: number;
  /** How: among the rollouts of a run at once, by the run's token; or block after block, whosever the rollouts are. */
  readonly by: { readonly run: string } | Blocks;
}

export interface Blocks {
  /** With the token of the block, as FTS5 reads on behind the last rollout asked for until it finds another. */
  readonly bounded: boolean;
  /** By looking for those that do not match; only with `bounded`. */
  readonly inverted: boolean;
}

/** A search that several threads share: they take one part after the other. */
export interface Parted extends Search {
  readonly parts: number;
  /** A byte for each id from the first on; 1 where the terms are. */
  readonly has: Uint8Array<SharedArrayBuffer>;
  /** The part that is taken next, then how each of them stands. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

const [OPEN, DONE, FAILED] = [0, 1, 2];
/** Another thread that takes longer with a part is not waited for. */
const PATIENCE_MS = 100;

// Limits of rows as CAST: better-sqlite3 binds numbers as REAL, by which FTS5 would read every row.
const IDS = `SELECT rowid FROM words WHERE words MATCH @match AND rowid >= CAST(@first AS INTEGER)
  AND rowid <= CAST(@last AS INTEGER) ORDER BY rowid LIMIT @limit`;

/** Ids of the rollouts that match, at most `limit` of them. */
export function idsOf(db: Database.Database, match: string, first: number, last: number, limit = -1): number[] {
  return db.prepare(IDS).pluck().all({ match, first, last, limit }) as number[];
}

export function blockOf(id: number): number {
  return Math.floor(id / BLOCK);
}

export function blockToken(block: number): string {
  return `"${BLOCK_TOKEN}${block}"`;
}

export function parted(search: Search): Parted {
  const { first, last, by } = search;
  const parts = 'run' in by ? 1 : blockOf(last) - blockOf(first) + 1;
  const has = new Uint8Array(new SharedArrayBuffer(last - first + 1));
  if ('inverted' in by && by.inverted) has.fill(1);
  const state = new Int32Array(new SharedArrayBuffer((1 + parts) * Int32Array.BYTES_PER_ELEMENT));
  return { ...search, parts, has, state };
}

/** Takes parts until none is left. Throws what SQLite does; that part is left to `finishParts`. */
export function takeParts(db: Database.Database, search: Parted): void {
  const { parts, state } = search;
  for (let part = Atomics.add(state, 0, 1); part < parts; part = Atomics.add(state, 0, 1)) {
    let stands = FAILED;
    try {
      findPart(db, search, part);
      stands = DONE;
    } finally {
      Atomics.store(state, 1 + part, stands);
      Atomics.notify(state, 1 + part);
    }
  }
}

/** When all parts are taken: waits for those of other threads, and does what they leave. */
export function finishParts(db: Database.Database, search: Parted): void {
  const { parts, state } = search;
  for (let part = 0; part < parts; part += 1) {
    Atomics.wait(state, 1 + part, OPEN, PATIENCE_MS);
    if (Atomics.load(state, 1 + part) !== DONE) findPart(db, search, part);
  }
}

function findPart(db: Database.Database, search: Parted, part: number): void {
  const { terms, first, last, by, has } = search;
  if ('run' in by) {
    for (const id of idsOf(db, `${by.run} AND ${terms}`, first, last)) has[id - first] = 1;
    return;
  }
  const block = blockOf(first) + part;
  const [from, to] = [Math.max(first, block * BLOCK), Math.min(last, (block + 1) * BLOCK - 1)];
  const match = by.bounded ? `${blockToken(block)} ${by.inverted ? 'NOT' : 'AND'} ${terms}` : terms;
  const mark = by.inverted ? 0 : 1;
  for (const id of idsOf(db, match, from, to)) has[id - first] = mark;
}
