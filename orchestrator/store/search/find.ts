import type Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { IndexFile, searchFile, tokenOf } from './file.js';
import { searchTerms } from './terms.js';

// Limits of rows as CAST: better-sqlite3 binds numbers as REAL, by which FTS5 would read every row.
const FIND = `SELECT rowid FROM words WHERE words MATCH @match AND rowid > CAST(@after AS INTEGER)
  AND rowid <= CAST(@last AS INTEGER) ORDER BY rowid LIMIT @limit`;
const AMONG = `SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH @match AND rowid <= CAST(@end AS INTEGER)
  LIMIT @limit)`;
const PROGRESS = 'SELECT stage, first, last, rows FROM progress WHERE run = ?';
const VOCABULARY = 'CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, instance)';
const NEXT_WORD = 'SELECT term FROM temp.vocabulary WHERE term >= ? LIMIT 1';
/** Searches whose results are kept. */
const KEPT = 8;
/** Of a search's result, to estimate how much of the run it finds. */
const SAMPLED = 2000;
/** A search that finds more than this share of its sample is answered by what it does not find. */
const MOST = 0.6;
/** Words that a prefix stands for, at most; with more it is left to FTS5. */
const WORDS_OF_PREFIX = 200;

/** What is indexed of a stage: where it lies among all rollouts, and how many. */
interface Indexed {
  readonly stage: number;
  readonly first: number;
  readonly last: number;
  readonly rows: number;
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

/** Reads the index as far as it is built; without one nothing is found. */
export function openSearch(storeFile: string): SearchIndex {
  const index = new IndexFile(searchFile(storeFile));
  const progressOf = (runId: number) => (index.open()?.prepare(PROGRESS).all(runId) ?? []) as Indexed[];
  const kept = new LRUCache<string, Found>({ max: KEPT });
  return {
    find: (runId, query, ends) => {
      const db = index.open();
      if (db === undefined) return { ids: new Float64Array(), inverted: false };
      const stages = progressOf(runId);
      const invertible = ends !== undefined && covers(stages, ends);
      // What was found is the same until more of the run is indexed.
      const key = JSON.stringify([rowsOf(stages), index.inode, invertible, runId, query]);
      const found = kept.get(key) ?? findIn(db, runId, query, { stages, invertible });
      kept.set(key, found);
      return found;
    },
    indexed: (runId) => rowsOf(progressOf(runId)),
    close: () => index.close(),
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

/** The words of the index that begin so; undefined when they are too many. */
function wordsOf(db: Database.Database, prefix: string): string[] | undefined {
  db.exec(VOCABULARY);
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
