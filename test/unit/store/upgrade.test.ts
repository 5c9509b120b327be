import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { packIntegers, packReals } from '../../../orchestrator/store/codec.js';
import { openStore, type StoredRollout } from '../../../orchestrator/store/index.js';
import { migrate, shippedMigrations } from '../../../orchestrator/store/migrate.js';
import { promptOf, rowOf } from './rows.js';

const REQUEST = '00112233445566778899aabbccddeeff';
const TEXT = '\\boxed{A}<think>Red "é".</think>\\boxed{B}';
const BOX = { charStart: 7, charEnd: 8, tokenStart: 0, tokenEnd: 1 };
const LAST = { charStart: 39, charEnd: 40, tokenStart: 1, tokenEnd: 2 };
const ODD = 'not in the "completion": é \u0000 \ud83d';
const COUNTS = { first: 1, think: 1, second: 0.5, total: 2 };

/** Rollouts as they are to be read: everything there, hardly anything there, a step of training. */
const FULL: StoredRollout = {
  ...{ id: 1, stageId: 1, stage: 'filter', set: 'train', pass: 'filter', promptId: 'p0', correct: false },
  rollout: {
    ...{ key: 'recorded/0', promptId: 'p0', index: 0, seed: 2 ** 31, text: TEXT, finishReason: 'exit', forced: 2 },
    ...{ tokenIds: [151_643, 7], logprobs: [-0.25, -0.1], tokenEnds: [8, 41], promptTokens: 120, cachedTokens: 16 },
    exit: { mode: 'engine', exited: true, confidence: 0.1 + 0.2, wastedTokens: 1 },
  },
  trace: {
    ...{ first: { text: 'A', ...BOX }, second: { text: 'B', ...LAST }, think: 'Red "é".', format: 1, fallback: false },
    ...{ truncated: false, confidence: 0.1 + 0.2, tokens: COUNTS },
  },
  verdicts: {
    first: { value: 1 / 3, correct: true, state: 'graded', normalised: 'é' },
    second: { value: 0, correct: false, state: 'unparsed', normalised: null },
  },
  reward: { first: 1 / 3, second: 0, format: 1, fallback: 0.3, direct: 0.05, total: 1.65 },
};
const BARE: StoredRollout = {
  ...{ id: 2, stageId: 1, stage: 'filter', set: 'train', pass: 'filter', promptId: 'p0', correct: null },
  rollout: {
    ...{ key: '', promptId: 'p0', index: 1, seed: -1, text: '', finishReason: 'length' },
    ...{ tokenIds: [], logprobs: [], tokenEnds: [], promptTokens: 0, cachedTokens: 0 },
  },
  trace: {
    ...{ first: null, second: { text: ODD, ...LAST }, think: ODD, format: 0, fallback: true, truncated: true },
    ...{ confidence: null, tokens: COUNTS },
  },
  verdicts: { first: null, second: { value: null, correct: null, state: 'timeout', normalised: null } },
  reward: null,
};
const STEP: StoredRollout = {
  ...{ id: 5, stageId: 1, stage: 'filter', set: 'train', pass: 'train', promptId: 'p0', correct: false, step: 3 },
  rollout: { ...FULL.rollout, index: 0 },
  trace: { ...FULL.trace, first: null, second: null, think: null },
  verdicts: { first: { value: null, correct: null, state: 'error', normalised: 'x' }, second: null },
  reward: { first: 0, second: 0, format: 0, fallback: 0, total: 0 },
};
const ROWS = [FULL, BARE, STEP, { ...STEP, id: 6 }];

/** Traces as schema 4 had them: without the texts that stand in the completion. */
const TRACES = [{ ...FULL.trace, first: BOX, second: LAST, think: [16, 24] }, BARE.trace, ...[STEP.trace, STEP.trace]];

/** A store of schema 4 that holds `ROWS`. */
function storeOfSchema4(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'vauto-upgrade-')), 'vauto.db');
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  migrate(db, file, shippedMigrations().slice(0, 4));
  db.exec(`
    INSERT INTO runs VALUES (1, 'first', 'done', NULL, '', '{}', 'first', 7, '{}', '', '');
    INSERT INTO stages VALUES (1, 1, 'filter', 'k', 1, 'running', 0, NULL, NULL, 0, 0, '', NULL);
    INSERT INTO units VALUES (1, 'u0', ${ROWS.length}, 0, '', 0, 0);`);
  db.prepare("INSERT INTO prompts VALUES (1, 1, 'train', 'p0', 0, 'toy', 'exact_match', ?)").run(
    JSON.stringify(promptOf('p0')),
  );
  for (const [place, row] of ROWS.entries()) insert(db, row, JSON.stringify(TRACES[place]));
  db.close();
  return file;
}

function insert(db: Database.Database, row: StoredRollout, trace: string): void {
  const { rollout, verdicts, reward } = row;
  const flag = (value: boolean | null) => (value === null ? null : Number(value));
  db.prepare(`INSERT INTO rollouts VALUES (${Array(23).fill('?').join(', ')})`).run(
    ...[row.id, 1, 'u0', 1, row.pass, rollout.index, row.step ?? null, rollout.key, rollout.seed, rollout.text],
    ...[rollout.tokenIds.length, packIntegers(rollout.tokenIds), packReals(rollout.logprobs)],
    ...[packIntegers(rollout.tokenEnds), rollout.finishReason, rollout.promptTokens, rollout.cachedTokens, trace],
    ...[row.trace.confidence, flag(row.correct), rollout.exit ? JSON.stringify(rollout.exit) : null],
    ...[row.id === 1 ? Buffer.from(REQUEST, 'hex') : null, rollout.forced ?? null],
  );
  for (const answer of ['first', 'second'] as const) {
    const verdict = verdicts[answer];
    if (verdict === null) continue;
    const { value, correct, state, normalised } = verdict;
    db.prepare('INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?)').run(
      row.id,
      answer,
      value,
      flag(correct),
      state,
      normalised,
    );
  }
  if (reward === null) return;
  const { first, second, format, fallback, total, direct = null } = reward;
  db.prepare('INSERT INTO rewards VALUES (?, ?, ?, ?, ?, ?, ?)').run(
    row.id,
    first,
    second,
    format,
    fallback,
    total,
    direct,
  );
}

test('every rollout of a store with tables of verdicts and rewards reads the same as before', () => {
  const file = storeOfSchema4();
  const store = openStore(file);
  expect([...store.stageRows(1)]).toEqual(ROWS);
  expect(store.rollouts({ run: 1, promptId: 'p0', correct: false, limit: 9 }).rows).toEqual([FULL, STEP, ROWS[3]]);
  expect([...store.recall([REQUEST, 'ff'.repeat(16)])]).toEqual([[REQUEST, FULL.rollout]]);
  expect([...store.outcomes(1)].map(({ correct, value }) => [correct, value])).toEqual([
    [false, 0],
    [null, null],
    ...[
      [false, 0],
      [false, 0],
    ],
  ]);
  expect(store.errors(1)).toBe(3);
  expect(store.ledger(1)).toMatchObject({ rollouts: 4, lost: 0 });
  store.close();
});

test('the store that was taken over goes on: its rules hold, and nothing of the old tables is left', () => {
  const file = storeOfSchema4();
  const store = openStore(file);
  expect(() => store.commitUnit(1, 'u1', [rowOf('p0', 1)])).toThrow(/UNIQUE/);
  // A step may be taken again.
  store.commitUnit(1, 'u1', [{ ...rowOf('p0', 0), pass: 'train', step: 3 }, rowOf('p0', 2)]);
  expect([...store.stageRows(1)].map(({ id }) => id)).toEqual([1, 2, 5, 6, 7, 8]);
  const db = new Database(file);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  expect(db.pragma('page_size', { simple: true })).toBe(4096);
  const names = "SELECT name FROM sqlite_master WHERE name IN ('verdicts', 'rewards') OR name LIKE 'wide%'";
  expect(db.prepare(names).all()).toEqual([]);
  db.close();
  store.removeRun(1);
  expect([...store.stageRows(1)]).toEqual([]);
  store.close();
});
