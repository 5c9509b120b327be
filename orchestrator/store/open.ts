import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { UserError } from '../errors.js';
import { backupStore } from './backup.js';
import { check, needsCheck, sizeOf } from './check.js';
import { explain, explained } from './explain.js';
import { migrate, refuseNewer, schemaVersion, shippedMigrations } from './migrate.js';
import { rolloutQueries } from './rollouts.js';
import { runQueries } from './runs.js';
import type { BackupOptions, Store } from './types.js';
import { runWriter } from './write.js';
import { rolloutWriter } from './write-rollouts.js';

const BUSY_TIMEOUT_MS = 15_000;
/** Of a new store: its commits write fewer and its reads find more at once than with SQLite's 4096. */
const PAGE_BYTES = 32_768;
/** The log is taken into the store at this size: a page that many commits change is written there once. */
const LOG_BYTES = 32 * 2 ** 20;
/** Most memory for pages, of a connection that writes. */
const CACHE_BYTES = 64 * 2 ** 20;

export interface OpenOptions {
  /** Reads only; the file must exist. A reader never waits for a writer. */
  readonly readonly?: boolean;
  /** How long a call waits for another process's transaction; default 15 s. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens the store, made and migrated when needed. Throws UserErrors: `no-store`, `store-too-new`,
 * `store-schema-differs`, `store-damaged`, `store-busy`, `store-unusable`.
 */
export function openStore(path: string, options: OpenOptions = {}): Store {
  const file = path === ':memory:' ? path : resolve(path);
  const timeout = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS;
  try {
    const db = options.readonly ? openReader(file, timeout) : openWriter(file, timeout);
    const calls = {
      ...{ ...runWriter(db, file), ...rolloutWriter(db), ...runQueries(db, file), ...rolloutQueries(db) },
      backup: (backup?: BackupOptions) => backupStore(file, backup),
    };
    return { file, ...explained(calls, file), close: () => void db.close() };
  } catch (error) {
    throw explain(error, file);
  }
}

function openWriter(file: string, timeout: number): Database.Database {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const checked = needsCheck(file);
  const db = new Database(file, { timeout });
  try {
    if (sizeOf(file) === 0) db.pragma(`page_size = ${PAGE_BYTES}`);
    useWal(db, timeout);
    // An older store keeps its page size.
    const pageBytes = db.pragma('page_size', { simple: true }) as number;
    db.pragma(`wal_autocheckpoint = ${LOG_BYTES / pageBytes}`);
    db.pragma(`cache_size = ${-CACHE_BYTES / 1024}`);
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    if (checked) check(db, file);
    migrate(db, file, shippedMigrations());
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

export function openReader(file: string, timeout: number): Database.Database {
  if (!existsSync(file)) {
    throw new UserError({
      code: 'no-store',
      kind: 'usage',
      message: `there are no runs in ${dirname(file)}`,
      fix: 'start one with vauto run RECIPE, or name the folder with --runs',
    });
  }
  const migrations = shippedMigrations();
  const db = new Database(file, { readonly: true, timeout });
  const version = schemaVersion(db);
  if (version === migrations.length) return db;
  db.close();
  refuseNewer(version, file, migrations);
  // An older store is migrated by opening it for writing once.
  openWriter(file, timeout).close();
  return new Database(file, { readonly: true, timeout });
}

/** SQLite does not wait when several processes turn a new file to WAL at once: it says busy, so the turn is tried again. */
function useWal(db: Database.Database, timeout: number): void {
  const until = performance.now() + timeout;
  for (;;) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
