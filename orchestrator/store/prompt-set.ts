import type { Database } from 'better-sqlite3';
import type { Prompt, PromptSet } from '../records/index.js';

/** Prompts that are read with one statement. */
const PAGE = 500;

const ROWS = `SELECT position, record FROM prompts
  WHERE run = ? AND set_name = ? AND position > ? ORDER BY position LIMIT ${PAGE}`;
const ONE = 'SELECT record FROM prompts WHERE run = ? AND set_name = ? AND position = ?';
const COUNT = 'SELECT count(*) FROM prompts WHERE run = ? AND set_name = ? AND position IS NOT NULL';

/** A prompt set as it stands now, read from the store bit by bit. */
export function promptSet(db: Database, runId: number, set: string): PromptSet {
  const length = db.prepare(COUNT).pluck().get(runId, set) as number;
  const page = db.prepare(ROWS);
  const one = db.prepare(ONE).pluck();
  return {
    length,
    at: (place) => {
      const record = one.get(runId, set, place) as string | undefined;
      return record === undefined ? undefined : (JSON.parse(record) as Prompt);
    },
    // Page by page: a statement that is being stepped through would block every write of this connection.
    *[Symbol.iterator]() {
      for (let last = -1; ; ) {
        const rows = page.all(runId, set, last) as { position: number; record: string }[];
        for (const { record } of rows) yield JSON.parse(record) as Prompt;
        const end = rows.at(-1);
        if (rows.length < PAGE || end === undefined) return;
        last = end.position;
      }
    },
  };
}
