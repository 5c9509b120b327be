import type Database from 'better-sqlite3';
import { explain } from '../explain.js';
import { BLOCK, BLOCK_TOKEN, inodeOf, openForBuilding, RUN_TOKEN, removeIndex, searchFile } from './file.js';

const BEHIND = `SELECT stages.id AS stage, stages.run, stages.started_at AS startedAt, coalesce(progress.last, 0) AS last FROM store.stages
  LEFT JOIN main.progress ON progress.stage = stages.id
  WHERE EXISTS (SELECT 1 FROM store.rollouts WHERE rollouts.stage = stages.id AND rollouts.id > coalesce(progress.last, 0))
  ORDER BY stages.id DESC LIMIT ?`;

const GONE = `SELECT EXISTS (SELECT 1 FROM main.progress AS known LEFT JOIN store.stages ON stages.id = known.stage
  AND stages.started_at = known.started_at WHERE stages.id IS NULL)`;

const ADD = `INSERT INTO words (rowid, text)
  SELECT rollouts.id, rollouts.text || ' ' || @token || ' ${BLOCK_TOKEN}' || (rollouts.id / ${BLOCK}) || ' '
    || coalesce(prompts.record ->> '$.question', '')
  FROM store.rollouts JOIN store.prompts ON prompts.id = rollouts.prompt
  WHERE rollouts.stage = @stage AND rollouts.id > @last ORDER BY rollouts.id LIMIT @limit`;

const NOTE = `INSERT INTO progress
  VALUES (@stage, @run, @startedAt, (SELECT min(id) FROM store.rollouts WHERE stage = @stage), @end, @rows)
  ON CONFLICT (stage) DO UPDATE SET last = @end, rows = rows + @rows`;

/** Stages that are looked up at a time: each look walks over all that are not behind. */
const STAGES_AT_ONCE = 20;

/** Builds the full-text index of a store: a file beside it, which may be deleted at any time. The store is only read. */
export interface SearchBuilder {
  /** Indexes up to `limit` rollouts, of the newest stage first. Returns how many; 0 when all are indexed. */
  advance(limit: number): number;
  close(): void;
}

export function openSearchBuilder(storeFile: string): SearchBuilder {
  const file = searchFile(storeFile);
  let db = openForBuilding(file, storeFile);
  let inode = inodeOf(file);
  const again = () => {
    db.close();
    db = openForBuilding(file, storeFile);
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
      const some = { stage, last, limit: limit - added, token: `${RUN_TOKEN}${run}` };
      const { changes: rows, lastInsertRowid: end } = db.prepare(ADD).run(some);
      if (rows > 0) db.prepare(NOTE).run({ stage, run, startedAt, end, rows });
      added += rows;
      if (added >= limit) break;
    }
    return added;
  });
  return add();
}
