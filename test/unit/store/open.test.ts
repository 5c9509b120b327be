import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore } from '../../../orchestrator/store/index.js';
import { migrate, shippedMigrations } from '../../../orchestrator/store/migrate.js';
import { newRun, storeWithRun } from './rows.js';

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

test('a reader writes nothing and sees what a writer has committed', () => {
  const { store, file, runId } = storeWithRun();
  const reader = openStore(file, { readonly: true });
  store.setRunStatus(runId, 'done');
  expect(reader.findRun('first')?.status).toBe('done');
  expect(codeOf(() => reader.createRun({ ...newRun, name: 'second' }))).toBe('store-unusable');
});
