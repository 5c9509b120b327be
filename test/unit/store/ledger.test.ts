import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { vauto } from '../../fixtures/command.js';
import { prompts, rowOf, storeWithRun } from './rows.js';

/** A filter that is done: ten prompts with two rollouts each, of which one of p9 failed; all decided. */
function doneFilter() {
  const { store, file, folder, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'filter', 'k');
  const failure = { set: 'train', promptId: 'p9', index: 1, code: 'media', message: 'no frames' };
  for (const { id: promptId } of prompts(10)) {
    const failed = promptId === 'p9';
    const rows = [rowOf(promptId, 0, true), ...(failed ? [] : [rowOf(promptId, 1, false)])];
    store.commitUnit(id, promptId, rows, failed ? [failure] : []);
  }
  store.saveDecisions(
    id,
    prompts(10).map(({ id: promptId }) => ({ promptId, decision: 'keep', reason: 'mixed', correct: 1, total: 2 })),
  );
  store.finishStage(id, {}, []);
  store.close();
  return { file, folder };
}

/** What `vauto runs show first --json` prints. */
const shown = async (folder: string) => JSON.parse(await vauto('runs', 'show', 'first', '--json', '--runs', folder));

const IN = { promptsIn: 10, done: 10, unknown: 0, rollouts: 19, failures: 1 };

test.each([
  ['nothing', 'SELECT 1', { ...IN, lost: 0 }],
  ['a rollout', 'DELETE FROM rollouts WHERE id = 7', { ...IN, rollouts: 18, lost: 1 }],
  ['three rollouts', 'DELETE FROM rollouts WHERE id IN (7, 8, 9)', { ...IN, rollouts: 16, lost: 3 }],
  ['a failure', 'DELETE FROM failures', { ...IN, lost: 1 }],
  ['a decision', "DELETE FROM decisions WHERE prompt_id = 'p3'", { ...IN, done: 9, lost: 1 }],
])('%s gone from the tables is counted as lost, by runs show too', async (_what, sql, expected) => {
  const { file, folder } = doneFilter();
  const db = new Database(file);
  db.exec(sql);
  db.close();
  const { ledger } = await shown(folder);
  expect(ledger.stages).toMatchObject([expected]);
  expect(ledger.lost).toBe(expected.lost);
});
