import { existsSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { explain } from './explain.js';
import { openReader } from './open.js';
import { searchTerms } from './search-terms.js';

/** Another number makes the index anew. */
const FORMAT = 2;
const TIMEOUT_MS = 5000;

const SCHEMA = `
  -- One column, as a filter by columns makes every search slower: a completion, a token for its run, the question.
  CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
  -- How far each stage is indexed; its start tells it from another that got its number.
  CREATE TABLE progress (stage INTEGER PRIMARY KEY, run INTEGER NOT NULL, started_at TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, rows INTEGER NOT NULL);
  PRAGMA user_version = ${FORMAT};`;

const BEHIND = `SELECT stages.id AS stage, stages.run, stages.started_at AS startedAt, coalesce(progress.last, 0) AS last FROM store.stages
  LEFT JOIN main.progress ON progress.stage = stages.id
  WHERE EXISTS (SELECT 1 FROM store.rollouts WHERE rollouts.stage = stages.id AND rollouts.id > coalesce(progress.last, 0))
  ORDER BY stages.id DESC LIMIT ?`;

const GONE = `SELECT EXISTS (SELECT 1 FROM main.progress AS known LEFT JOIN store.stages ON stages.id = known.stage
  AND stages.started_at = known.started_at WHERE stages.id IS NULL)`;

const ADD = `INSERT INTO words (rowid, text)
  SELECT rollouts.id, rollouts.text || ' ' || @token || ' ' || coalesce(prompts.record ->> '$.question', '')
  FROM store.rollouts JOIN store.prompts ON prompts.id = rollouts.prompt
  WHERE rollouts.stage = @stage AND rollouts.id > @last ORDER BY rollouts.id LIMIT @limit`;

// Limits of rows as CAST: better-sqlite3 binds numbers as REAL, by which FTS5 would read every row.
const FIND = `SELECT rowid FROM words WHERE words MATCH @match AND rowid > CAST(@after AS INTEGER)
  AND rowid <= CAST(@last AS INTEGER) ORDER BY rowid LIMIT @limit`;
const AMONG = `SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH @match AND rowid <= CAST(@end AS INTEGER)
  LIMIT @limit)`;
const PROGRESS = 'SELECT stage, first, last, rows FROM progress WHERE run = ?';
const VOCABULARY = 'CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, words, instance)';
const NEXT_WORD = 'SELECT term FROM temp.vocabulary WHERE term >= ? LIMIT 1';
/** Stages that are looked up at a time: each look walks over all that are not behind. */
const STAGES_AT_ONCE = 20;
/** Searches whose results are kept. */
const KEPT = 8;
/** Of a search's result, to estimate how much of the run it finds. */
const SAMPLED = 2000;
/** A search that finds more than this share of its sample is answered by what it does not find. */
const MOST = 0.6;
/** Words that a prefix stands for, at most; with more it is left to FTS5. */
const WORDS_OF_PREFIX = 200;

const NOTE = `INSERT INTO progress
  VALUES (@stage, @run, @startedAt, (SELECT min(id) FROM store.rollouts WHERE stage = @stage), @end, @rows)
  ON CONFLICT (stage) DO UPDATE SET last = @end, rows = rows + @rows`;

/** What is indexed of a stage: where it lies among all rollouts, and how many. */
interface Indexed {
  readonly stage: number;
  readonly first: number;
  readonly last: number;
  readonly rows: number;
}

/** Builds the full-text index of a store: a file beside it, which may be deleted at any time. The store is only read. */
export interface SearchBuilder {
  /** Indexes up to `limit` rollouts, of the newest stage first. Returns how many; 0 when all are indexed. */
  advance(limit: number): number;
  close(): void;
}

/** Rollouts of a run, by their ids, rising. */
export interface Found {
  readonly ids: Float64Array;
  /** They are those that were not found: most were. */
  readonly inverted: boolean;
}

/** The id of the last rollout that is known, for each stage of a run. */
export type Ends = ReadonlyMap<number, number>;

export interface SearchIndex {
  /**
   * The rollouts of a run whose completion or question has all of the words (see `searchTerms`). `ends`: of what the
   * caller knows; when all of that is indexed, the answer may be inverted, as moving many ids takes longer than finding them.
   */
  find(runId: number, query: string, ends?: Ends): Found;
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
  const progressOf = (runId: number) => (opened()?.prepare(PROGRESS).all(runId) ?? []) as Indexed[];
  const kept = new LRUCache<string, Found>({ max: KEPT });
  return {
    find: (runId, query, ends) => {
      const index = opened();
      if (index === undefined) return { ids: new Float64Array(), inverted: false };
      const stages = progressOf(runId);
      const invertible = ends !== undefined && covers(stages, ends);
      // What was found is the same until more of the run is indexed.
      const key = JSON.stringify([rowsOf(stages), inode, invertible, runId, query]);
      const found = kept.get(key) ?? findIn(index, runId, query, { stages, invertible });
      kept.set(key, found);
      return found;
    },
    indexed: (runId) => rowsOf(progressOf(runId)),
    close: () => void db?.close(),
  };
}

function rowsOf(stages: readonly Indexed[]): number {
  return stages.reduce((sum, { rows }) => sum + rows, 0);
}

/** Whether all that is known of the run is indexed. */
function covers(stages: readonly Indexed[], ends: Ends): boolean {
  const last = new Map(stages.map((stage) => [stage.stage, stage.last]));
  return [...ends].every(([stage, end]) => end <= (last.get(stage) ?? 0));
}

/** `stages`: what is indexed of the run. */
function findIn(
  db: Database.Database,
  runId: number,
  query: string,
  { stages, invertible }: { readonly stages: readonly Indexed[]; readonly invertible: boolean },
): Found {
  if (stages.length === 0) return { ids: new Float64Array(), inverted: false };
  const first = Math.min(...stages.map((stage) => stage.first));
  const last = Math.max(...stages.map((stage) => stage.last));
  const [run, terms] = [`"${tokenOf(runId)}"`, searchTerms(query, (prefix) => wordsOf(db, prefix))];
  // Where no rollouts of other runs lie between, the run need not be looked for.
  const alone = last - first + 1 === rowsOf(stages);
  const match = alone ? terms : `${run} AND ${terms}`;
  const find = (match: string, after: number, limit = -1) =>
    db.prepare(FIND).pluck().all({ match, after, last, limit }) as number[];
  const head = find(match, first - 1, SAMPLED);
  const end = head.at(-1);
  if (end === undefined || head.length < SAMPLED) return { ids: Float64Array.from(head), inverted: false };
  const most = Math.ceil(SAMPLED / MOST);
  const among = () =>
    alone ? end - first + 1 : (db.prepare(AMONG).pluck().get({ match: run, end, limit: most }) as number);
  if (invertible && among() < most)
    return { ids: Float64Array.from(find(`${run} NOT ${terms}`, first - 1)), inverted: true };
  return { ids: Float64Array.from(head.concat(find(match, end))), inverted: false };
}

/** A word that nobody types: of a private letter and the run's id. */
function tokenOf(runId: number): string {
  return `\u{e000}run${runId}`;
}

/** The words of the index that begin so; undefined when they are too many. */
function wordsOf(db: Database.Database, prefix: string): string[] | undefined {
  const next = db.prepare(NEXT_WORD).pluck();
  const words: string[] = [];
  for (let from = prefix; words.length <= WORDS_OF_PREFIX; ) {
    const word = next.get(from) as string | undefined;
    if (word?.startsWith(prefix) !== true) return words;
    words.push(word);
    // No word stands between this one and what comes behind it.
    from = `${word}\u0001`;
  }
  return undefined;
}

interface Behind {
  readonly stage: number;
  readonly run: number;
  readonly startedAt: string;
  /** Id of the last rollout that is indexed. */
  readonly last: number;
}

/** Rollouts of the stages that are behind, the newest first. */
function advance(db: Database.Database, limit: number): number {
  const add = db.transaction(() => {
    // Changes nothing, but locks the index for this process alone. An immediate transaction would lock the store, too.
    db.exec('UPDATE main.progress SET rows = rows WHERE stage IS NULL');
    let added = 0;
    for (const { stage, run, startedAt, last } of db.prepare(BEHIND).all(STAGES_AT_ONCE) as Behind[]) {
      const some = { stage, last, limit: limit - added, token: tokenOf(run) };
      const { changes: rows, lastInsertRowid: end } = db.prepare(ADD).run(some);
      if (rows > 0) db.prepare(NOTE).run({ stage, run, startedAt, end, rows });
      added += rows;
      if (added >= limit) break;
    }
    return added;
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
  if (db.pragma('user_version', { simple: true }) === FORMAT) {
    db.exec(VOCABULARY);
    return db;
  }
  db.close();
  return undefined;
}

function removeIndex(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}

function searchFile(storeFile: string): string {
  return resolve(storeFile).replace(/(\.db)?$/, '.search.db');
}
