import type Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { BLOCK, IndexFile, RUN_TOKEN, searchFile } from './file.js';
import { blockOf, blockToken, idsOf, type Search } from './parts.js';
import { wordsOf } from './prefix.js';
import { searchTerms } from './terms.js';
import { SearchThreads } from './threads.js';

const PROGRESS = 'SELECT stage, first, last, rows FROM progress WHERE run = ?';
/** Searches whose results are kept, and their bytes together. */
const [KEPT, KEPT_BYTES] = [8, 64e6];
/** A run that has less of its blocks is searched at once: too much would be found that is not its own. */
const SHARE_OF_BLOCKS = 0.25;
/** Rollouts that a search is tried on, to estimate how much it finds. */
const SAMPLED = 2000;
/** A search that finds more than this share of them looks for what it does not find; less than that: a block's end is told to FTS5. */
const [MOST, FEW] = [0.6, 0.01];

/** What is indexed of a stage: where it lies among all rollouts, and how many. */
interface Indexed {
  readonly stage: number;
  readonly first: number;
  readonly last: number;
  readonly rows: number;
}

/** Which rollouts of a run were found, by their ids. */
export interface Found {
  /** The id that the first byte stands for. */
  readonly first: number;
  /** 1 where the rollout was found. What stands there for rollouts of other runs means nothing. */
  readonly has: Uint8Array;
}

/** The id of the last rollout that is known, for each stage of a run. */
export type Ends = ReadonlyMap<number, number>;

export interface SearchIndex {
  /**
   * The rollouts of a run whose completion or question has all of the words (see `searchTerms`), as far as they are
   * indexed. `ends`: of what the caller knows; when all of that is indexed, words that most rollouts have are answered by
   * looking for the others, as moving many ids takes longer than finding them.
   */
  find(runId: number, query: string, ends?: Ends): Found;
  /** Rollouts of the run that are indexed. */
  indexed(runId: number): number;
  close(): void;
}

const NOTHING: Found = { first: 0, has: new Uint8Array() };

/**
 * Reads the index as far as it is built; without one nothing is found.
 * `helpers`: threads that share the work of a search in a large run.
 */
export function openSearch(storeFile: string, { helpers = 0 }: { readonly helpers?: number } = {}): SearchIndex {
  const index = new IndexFile(searchFile(storeFile));
  const threads = new SearchThreads(index, helpers);
  const kept = new LRUCache<string, Found>({ max: KEPT, maxSize: KEPT_BYTES, sizeCalculation: sizeOf });
  return {
    find: (runId, query, ends) => {
      const db = index.open();
      if (db === undefined) return NOTHING;
      const stages = progressOf(db, runId);
      if (stages.length === 0) return NOTHING;
      const covered = ends !== undefined && covers(stages, ends);
      // What was found is the same until more of the run is indexed.
      const key = JSON.stringify([rowsOf(stages), index.inode, covered, runId, query]);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const search = searchOf(db, { runId, query, stages, covered });
      const found = { first: search.first, has: threads.find(db, search) };
      kept.set(key, found);
      return found;
    },
    indexed: (runId) => {
      const db = index.open();
      return db === undefined ? 0 : rowsOf(progressOf(db, runId));
    },
    close: () => {
      threads.close();
      index.close();
    },
  };
}

function sizeOf({ has }: Found): number {
  return 1 + has.length;
}

function progressOf(db: Database.Database, runId: number): Indexed[] {
  return db.prepare(PROGRESS).all(runId) as Indexed[];
}

function rowsOf(stages: readonly Indexed[]): number {
  return stages.reduce((sum, { rows }) => sum + rows, 0);
}

/** Whether all that is known of the run is indexed. */
function covers(stages: readonly Indexed[], ends: Ends): boolean {
  const last = new Map(stages.map((stage) => [stage.stage, stage.last]));
  return [...ends].every(([stage, end]) => end <= (last.get(stage) ?? 0));
}

interface Asked {
  readonly runId: number;
  readonly query: string;
  /** What is indexed of the run. */
  readonly stages: readonly Indexed[];
  /** It is all that the caller knows. */
  readonly covered: boolean;
}

/** The fastest search that finds the same. */
function searchOf(db: Database.Database, { runId, query, stages, covered }: Asked): Search {
  const first = Math.min(...stages.map((stage) => stage.first));
  const last = Math.max(...stages.map((stage) => stage.last));
  const terms = searchTerms(query, (prefix) => wordsOf(db, prefix));
  const blocks = blockOf(last) - blockOf(first) + 1;
  if (blocks === 1 || rowsOf(stages) < SHARE_OF_BLOCKS * blocks * BLOCK)
    return { terms, first, last, by: { run: `"${RUN_TOKEN}${runId}"` } };
  const share = shareOf(db, blockToken(blockOf((first + last) / 2)), terms);
  const inverted = covered && share > MOST;
  return { terms, first, last, by: { inverted, bounded: inverted || share < FEW } };
}

/** What the terms find of the first rollouts of a block. */
function shareOf(db: Database.Database, block: string, terms: string): number {
  const sample = idsOf(db, block, 0, Number.MAX_SAFE_INTEGER, SAMPLED);
  const found = idsOf(db, `${block} AND ${terms}`, 0, sample.at(-1) ?? 0);
  return found.length / Math.max(1, sample.length);
}
