import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Trace } from '../../../orchestrator/records/index.js';
import { packIntegers, packReals } from '../../../orchestrator/store/codec.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { migrate, shippedMigrations } from '../../../orchestrator/store/migrate.js';
import { newRun, promptOf, storeWithRun } from './rows.js';

const TRACE: Trace = {
  ...{ first: null, second: null, think: null, format: 0, fallback: false, truncated: false, confidence: 0.25 },
  tokens: { first: 0, think: 0, second: 0, total: 1 },
};

const folder = () => mkdtempSync(join(tmpdir(), 'vauto-open-'));
const codeOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'no error';
};

test('folders are made on the way, and the schema is the shipped one', () => {
  const file = join(folder(), 'a', 'b', 'vauto.db');
  openStore(file).close();
  const db = new Database(file);
  const versions = shippedMigrations().map(({ version }) => version);
  expect(db.prepare('SELECT version FROM schema_migrations').pluck().all()).toEqual(versions);
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  openStore(file).close();
});

test('a newer schema, one of another build, a damaged file and a missing one are told apart', () => {
  const newer = storeWithRun();
  newer.store.close();
  const db = new Database(newer.file);
  db.pragma('user_version = 99');
  for (const options of [{}, { readonly: true }])
    expect(codeOf(() => openStore(newer.file, options))).toBe('store-too-new');
  db.pragma(`user_version = ${shippedMigrations().length}`);
  db.exec("UPDATE schema_migrations SET checksum = 'other'");
  expect(codeOf(() => openStore(newer.file))).toBe('store-schema-differs');

  const damaged = join(folder(), 'vauto.db');
  writeFileSync(damaged, 'this is a letter, not a database, and it is long enough to be looked at twice '.repeat(20));
  expect(codeOf(() => openStore(damaged))).toBe('store-damaged');
  expect(codeOf(() => openStore(join(folder(), 'vauto.db'), { readonly: true }))).toBe('no-store');
  const blocked = join(folder(), 'file');
  writeFileSync(blocked, '');
  expect(codeOf(() => openStore(join(blocked, 'vauto.db')))).toBe('store-unusable');
  expect(codeOf(() => openStore(folder()))).toBe('store-unusable');
});

test('an older store is copied, then migrated, and a failing migration changes nothing', () => {
  const { store, file } = storeWithRun();
  store.close();
  const shipped = shippedMigrations();
  const next = {
    version: shipped.length + 1,
    name: 'next',
    sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY) STRICT;',
  };
  const db = new Database(file);
  const broken = { ...next, sql: `${next.sql} CREATE TABLE runs (id INTEGER);` };
  expect(() => migrate(db, file, [...shipped, broken])).toThrow('already exists');
  expect(db.prepare("SELECT count(*) FROM sqlite_master WHERE name = 'notes'").pluck().get()).toBe(0);
  migrate(db, file, [...shipped, next]);
  expect(db.pragma('user_version', { simple: true })).toBe(shipped.length + 1);
  expect(readdirSync(join(file, '..')).some((name) => name.includes(`schema-${shipped.length}`))).toBe(true);
  expect(db.prepare('SELECT name FROM runs').pluck().all()).toEqual(['first']);
});

/** Schemas up to this one have the columns that the rows below fill. */
const NARROW = 4;

/** A store as vauto left it when its schema had only the first `version` migrations, with a row in every table of the first. */
function oldStore(version: number) {
  const file = join(folder(), 'vauto.db');
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  migrate(db, file, shippedMigrations().slice(0, Math.min(version, NARROW)));
  const at = '2026-01-02T03:04:05.000Z';
  const record = JSON.stringify(promptOf('p0'));
  const rows: Record<string, unknown[][]> = {
    runs: [[1, 'first', 'done', null, 'name: first', '{"name":"first"}', 'first', 7, '{}', at, at]],
    stages: [[1, 1, 'filter', 'k', 1, 'done', 0, null, '{"kept":["p0"]}', 0, 1.5, at, at]],
    prompts: [[1, 1, 'train', 'p0', 0, 'toy', 'exact_match', record]],
    units: [[1, 'u0', 1, 1, at]],
    rollouts: [
      ...[
        [1, 1, 'u0', 1, 'filter', 0, null, 'key', 5, 'A', 1, packIntegers([9]), packReals([-0.5]), packIntegers([1])],
      ],
    ].map((row) => [...row, 'stop', 120, 16, JSON.stringify(TRACE), 0.25, 1]),
    verdicts: [[1, 'second', 1, 1, 'graded', 'a']],
    rewards: [[1, 0, 1, 1, 0, 2.1]],
    failures: [[1, 'u0', 'train', 'p0', 1, 'media', 'no frames']],
    decisions: [[1, 'p0', 'keep', 'mixed', 1, 2, 0]],
    steps: [[1, 1, '{"loss":0.5}']],
    metrics: [[1, 'b', 'auto', 'accuracy', 0.5, 0.4, 0.6, 9, 0]],
    artifacts: [[1, 'kept', 'filter/kept.jsonl', 'ab', 12]],
    events: [[1, 1, at, 'info', null, 'plain', 'so', null]],
  };
  for (const [table, values] of Object.entries(rows)) {
    const columns = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).pluck().all();
    for (const row of values) {
      const names = columns.slice(0, row.length);
      db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(...row);
    }
  }
  migrate(db, file, shippedMigrations().slice(0, version));
  db.close();
  for (const name of readdirSync(dirname(file)).filter((other) => other.endsWith('.bak')))
    rmSync(join(dirname(file), name));
  return file;
}

test.each(shippedMigrations().slice(0, -1))(
  'a store of schema $version is taken over with all its rows, and kept beside',
  ({ version }) => {
    const file = oldStore(version);
    const store = openStore(file);
    expect(store.findRun('first')).toMatchObject({ id: 1, status: 'done', recipe: { name: 'first' }, seed: 7 });
    expect(store.stages(1)).toMatchObject([{ name: 'filter', status: 'done', seconds: 1.5, result: { kept: ['p0'] } }]);
    expect(store.prompts(1, 'train')).toEqual([promptOf('p0')]);
    expect([...store.committedUnits(1)]).toEqual(['u0']);
    expect([...store.stageRows(1)]).toMatchObject([
      {
        ...{ set: 'train', pass: 'filter', promptId: 'p0', correct: true, trace: TRACE, reward: { total: 2.1 } },
        rollout: { key: 'key', seed: 5, text: 'A', tokenIds: [9], logprobs: [-0.5], tokenEnds: [1], promptTokens: 120 },
        verdicts: { first: null, second: { value: 1, correct: true, state: 'graded', normalised: 'a' } },
      },
    ]);
    expect(store.failures(1)).toEqual([
      { set: 'train', promptId: 'p0', index: 1, code: 'media', message: 'no frames' },
    ]);
    expect(store.decisions(1)).toMatchObject([{ promptId: 'p0', decision: 'keep', correct: 1, total: 2 }]);
    expect(store.steps(1)).toEqual([{ step: 1, metrics: { loss: 0.5 } }]);
    expect(store.metrics(1)).toMatchObject([{ benchmark: 'b', value: 0.5, low: 0.4, high: 0.6, n: 9 }]);
    expect(store.artifacts(1)).toMatchObject([{ name: 'kept', sha256: 'ab', bytes: 12 }]);
    expect(store.events(1)).toMatchObject([{ kind: 'plain', message: 'so' }]);
    expect(store.ledger(1)).toMatchObject({ rollouts: 1, failures: 1, kept: 1, lost: 0, cached: 0, retried: 0 });
    store.close();
    const [copy = ''] = readdirSync(dirname(file)).filter((name) => name.endsWith('.bak'));
    const old = new Database(join(dirname(file), copy), { readonly: true });
    expect(old.pragma('user_version', { simple: true })).toBe(version);
    expect(old.prepare('SELECT count(*) FROM rollouts').pluck().get()).toBe(1);
    old.close();
    // A reader may be the first to come.
    const other = openStore(oldStore(version), { readonly: true });
    expect(other.ledger(1)).toMatchObject({ rollouts: 1, lost: 0 });
    other.close();
  },
);

test('a reader writes nothing and sees what a writer has committed', () => {
  const { store, file, runId } = storeWithRun();
  const reader = openStore(file, { readonly: true });
  store.setRunStatus(runId, 'done');
  expect(reader.findRun('first')?.status).toBe('done');
  expect(codeOf(() => reader.createRun({ ...newRun, name: 'second' }))).toBe('store-unusable');
});
