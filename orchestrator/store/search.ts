import { existsSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { explain } from './explain.js';
import { openReader } from './open.js';

/** Another number makes the index anew. */
const FORMAT = 1;
const TIMEOUT_MS = 5000;

const SCHEMA = `
  CREATE VIRTUAL TABLE words USING fts5(text, question, run, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
  -- How far each stage is indexed; its start tells it from another that got its number.
  CREATE TABLE progress (stage INTEGER PRIMARY KEY, run INTEGER NOT NULL, started_at TEXT NOT NULL, last INTEGER NOT NULL, rows INTEGER NOT NULL);
  PRAGMA user_version = ${FORMAT};`;

const BEHIND = `SELECT stages.id AS stage, stages.run, stages.started_at AS startedAt, coalesce(progress.last, 0) AS last FROM store.stages
  LEFT JOIN main.progress ON progress.stage = stages.id
  WHERE EXISTS (SELECT 1 FROM store.rollouts WHERE rollouts.stage = stages.id AND rollouts.id > coalesce(progress.last, 0))
  ORDER BY stages.id DESC LIMIT 1`;

const GONE = `SELECT EXISTS (SELECT 1 FROM main.progress AS known LEFT JOIN store.stages ON stages.id = known.stage
  AND stages.started_at = known.started_at WHERE stages.id IS NULL)`;

const ADD = `INSERT INTO words (rowid, text, question, run)
  SELECT rollouts.id, rollouts.text, prompts.record ->> '$.question', @name
  FROM store.rollouts JOIN store.prompts ON prompts.id = rollouts.prompt
  WHERE rollouts.stage = @stage AND rollouts.id > @last ORDER BY rollouts.id LIMIT @limit`;

const FIND = 'SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid';
const INDEXED = 'SELECT coalesce(sum(rows), 0) FROM progress WHERE run = ?';
/** Searches whose results are kept. */
const KEPT = 8;

const NOTE = `INSERT INTO progress VALUES (@stage, @run, @startedAt, @end, @rows)
  ON CONFLICT (stage) DO UPDATE SET last = @end, rows = rows + @rows`;

/** Builds the full-text index of a store: a file beside it, which may be deleted at any time. The store is only read. */
export interface SearchBuilder {
  /** Indexes up to `limit` rollouts, of the newest stage first. Returns how many; 0 when all are indexed. */
  advance(limit: number): number;
  close(): void;
}

export interface SearchIndex {
  /** Ids of the rollouts of a run whose completion or question has all of the words (see `searchTerms`), rising. */
  find(runId: number, query: string): Float64Array;
  /** Rollouts of the run that are indexed. */
  indexed(runId: number): number;
  close(): void;
}

export function openSearchBuilder(storeFile: string): SearchBuilder {
  const file = searchFile(storeFile);
  let db = openBuilder(file, storeFile);
  let inode = inodeOf(file);
  const again = () => {
    db.close();
    db = openBuilder(file, storeFile);
    inode = inodeOf(file);
  };
  return {
    advance: (limit) => {
      try {
        // Another process may have made it anew.
        if (inodeOf(file) !== inode) again();
        if (db.prepare(GONE).pluck().get() === 1) {
          // Ids of rollouts that were removed are given again: what was indexed cannot be trusted.
          removeIndex(file);
          again();
        }
        return advance(db, limit);
      } catch (error) {
        throw explain(error, file);
      }
    },
    close: () => void db.close(),
  };
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

/** Reads the index as far as it is built; without one nothing is found. */
export function openSearch(storeFile: string): SearchIndex {
  const file = searchFile(storeFile);
  let db: Database.Database | undefined;
  let inode: number | undefined;
  // It may have been deleted, or made anew in the place of this one.
  const opened = () => {
    const found = inodeOf(file);
    if (found !== inode || db === undefined) {
      db?.close();
      db = found === undefined ? undefined : openIndex(file);
      inode = found;
    }
    return db;
  };
  const indexed = (runId: number) => (opened()?.prepare(INDEXED).pluck().get(runId) as number | undefined) ?? 0;
  const kept = new Map<string, Float64Array>();
  return {
    find: (runId, query) => {
      const match = `run : run${runId} AND {text question} : (${searchTerms(query)})`;
      // What was found is the same until more of the run is indexed.
      const key = `${indexed(runId)} ${inode} ${match}`;
      const found = kept.get(key) ?? new Float64Array((opened()?.prepare(FIND).pluck().all(match) ?? []) as number[]);
      kept.delete(key);
      kept.set(key, found);
      for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
      return found;
    },
    indexed,
    close: () => void db?.close(),
  };
}

/**
 * A search as people type it, as an FTS5 query: every word has to be there; "several words" stand together; word* is the
 * beginning of a word. Nothing else has a meaning, so nothing that is typed is an error.
 */
export function searchTerms(query: string): string {
  const terms = query.match(/"[^"]*"?|[^\s"]+/g) ?? [];
  const quoted = terms.flatMap((term) => {
    const isPrefix = /^[^"].*\*$/.test(term);
    const words = term.replaceAll('"', ' ').replace(/\*+$/, '').trim();
    if (!/[\p{L}\p{N}]/u.test(words)) return [];
    return [`"${words}"${isPrefix ? '*' : ''}`];
  });
  // Without any word: what no text has.
  return quoted.length === 0 ? '"\u0001"' : quoted.join(' AND ');
}

function advance(db: Database.Database, limit: number): number {
  let rows = 0;
  // Stage after stage: one that grows all the time must not keep the others waiting.
  for (let some = 1; rows < limit && some > 0; rows += some) some = indexSome(db, limit - rows);
  return rows;
}

interface Behind {
  readonly stage: number;
  readonly run: number;
  readonly startedAt: string;
  /** Id of the last rollout that is indexed. */
  readonly last: number;
}

/** Some rollouts of the newest stage that is behind. */
function indexSome(db: Database.Database, limit: number): number {
  const add = db.transaction(() => {
    // Changes nothing, but locks the index for this process alone. An immediate transaction would lock the store, too.
    db.exec('UPDATE main.progress SET rows = rows WHERE stage IS NULL');
    const work = db.prepare(BEHIND).get() as Behind | undefined;
    if (work === undefined) return 0;
    const { stage, run, startedAt, last } = work;
    const { changes: rows, lastInsertRowid: end } = db.prepare(ADD).run({ stage, last, limit, name: `run${run}` });
    db.prepare(NOTE).run({ stage, run, startedAt, end, rows });
    return rows;
  });
  return add();
}

function openBuilder(file: string, storeFile: string): Database.Database {
  // Makes sure that the store is there, and of this schema.
  openReader(resolve(storeFile), TIMEOUT_MS).close();
  try {
    const found = existsSync(file) ? formatOf(file) : 0;
    if (found !== 0 && found !== FORMAT) removeIndex(file);
    const db = new Database(file, { timeout: TIMEOUT_MS });
    db.pragma('journal_mode = WAL');
    const make = db.transaction(() => {
      if (db.pragma('user_version', { simple: true }) !== FORMAT) db.exec(SCHEMA);
    });
    make.immediate();
    db.pragma('synchronous = OFF');
    db.prepare('ATTACH ? AS store').run(resolve(storeFile));
    return db;
  } catch (error) {
    throw explain(error, file);
  }
}

function formatOf(file: string): unknown {
  const db = new Database(file, { readonly: true, timeout: TIMEOUT_MS });
  const format = db.pragma('user_version', { simple: true });
  db.close();
  return format;
}

function openIndex(file: string): Database.Database | undefined {
  const db = new Database(file, { readonly: true, timeout: TIMEOUT_MS });
  if (db.pragma('user_version', { simple: true }) === FORMAT) return db;
  db.close();
  return undefined;
}

function removeIndex(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}

function searchFile(storeFile: string): string {
  return resolve(storeFile).replace(/(\.db)?$/, '.search.db');
}
