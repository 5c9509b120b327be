import type { Database } from 'better-sqlite3';
import type { Prompt } from '../records/index.js';

/** Prompts of one transaction: no more are held, and other processes wait no longer. */
const AT_ONCE = 1000;

/**
 * Makes a set exactly these prompts. Their records are written in batches, without a place in the set; the last transaction
 * gives all of them their places at once. Whoever reads meanwhile, or after a crash, finds the set as it was before: records without a
 * place count for nothing, and the next save finds them. Of each prompt its row id stays in memory.
 */
export function savePrompts(db: Database, runId: number, set: string, prompts: Iterable<Prompt>): void {
  const write = recordWriter(db, runId, set);
  const ids: number[] = [];
  for (const batch of batches(prompts)) ids.push(...write(batch));
  if (!isInPlace(db, runId, set, ids)) placer(db, runId, set)(ids);
}

function* batches(prompts: Iterable<Prompt>): Generator<Prompt[]> {
  let batch: Prompt[] = [];
  for (const prompt of prompts) {
    if (batch.push(prompt) < AT_ONCE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Writes the records that are not there yet; gives the row id of each. */
function recordWriter(db: Database, runId: number, set: string): (prompts: readonly Prompt[]) => number[] {
  const find = db.prepare(
    'SELECT id, record FROM prompts WHERE run = ? AND set_name = ? AND prompt_id = ? ORDER BY id DESC LIMIT 1',
  );
  const move = db.prepare('UPDATE prompts SET record = ? WHERE id = ?');
  const insert = db.prepare(
    'INSERT INTO prompts (run, set_name, prompt_id, position, source, problem_type, record) VALUES (?, ?, ?, NULL, ?, ?, ?)',
  );
  const write = (prompt: Prompt): number => {
    const found = find.get(runId, set, prompt.id) as { id: number; record: string } | undefined;
    const record = JSON.stringify(prompt);
    if (found?.record === record) return found.id;
    // A corrected prompt is another row: earlier rollouts keep the one that they answered.
    if (found && sameButForPaths(found.record, prompt)) {
      move.run(record, found.id);
      return found.id;
    }
    return Number(insert.run(runId, set, prompt.id, prompt.source, prompt.problemType, record).lastInsertRowid);
  };
  return db.transaction((prompts: readonly Prompt[]) => prompts.map(write)).immediate;
}

function isInPlace(db: Database, runId: number, set: string, ids: readonly number[]): boolean {
  const sql = 'SELECT id FROM prompts WHERE run = ? AND set_name = ? AND position IS NOT NULL ORDER BY position';
  let count = 0;
  for (const id of db.prepare(sql).pluck().iterate(runId, set) as IterableIterator<number>) {
    if (ids[count] !== id) return false;
    count += 1;
  }
  return count === ids.length;
}

function placer(db: Database, runId: number, set: string): (ids: readonly number[]) => void {
  const place = db.prepare('UPDATE prompts SET position = ? WHERE id = ?');
  return db.transaction((ids: readonly number[]) => {
    db.prepare('UPDATE prompts SET position = NULL WHERE run = ? AND set_name = ? AND position IS NOT NULL').run(
      runId,
      set,
    );
    for (const [position, id] of ids.entries()) place.run(position, id);
  }).immediate;
}

function sameButForPaths(record: string, prompt: Prompt): boolean {
  const bare = (item: Prompt) =>
    JSON.stringify({ ...item, media: item.media.map(({ path: _path, ...media }) => media) });
  return bare(JSON.parse(record) as Prompt) === bare(prompt);
}
