import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { UserError } from '../errors.js';
import { migrate, refuseNewer, schemaVersion, shippedMigrations } from './migrate.js';
import { rolloutQueries } from './rollouts.js';
import { runQueries } from './runs.js';
import type { Store } from './types.js';
import { runWriter } from './write.js';
import { rolloutWriter } from './write-rollouts.js';

/** A writer waits this long for another process's transaction. */
const BUSY_TIMEOUT_MS = 15_000;

export interface OpenOptions {
  /** Reads only; the file must exist. A reader never waits for a writer. */
  readonly readonly?: boolean;
}

/**
 * Opens the store, made and migrated when needed. Throws UserErrors: `no-store`, `store-too-new`,
 * `store-schema-differs`, `store-damaged`, `store-unusable`.
 */
export function openStore(path: string, options: OpenOptions = {}): Store {
  const file = path === ':memory:' ? path : resolve(path);
  try {
    const db = options.readonly ? openReader(file) : openWriter(file);
    const calls = { ...runWriter(db, file), ...rolloutWriter(db), ...runQueries(db, file), ...rolloutQueries(db) };
    return { file, ...explained(calls, file), close: () => void db.close() };
  } catch (error) {
    throw explain(error, file);
  }
}

function openWriter(file: string): Database.Database {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    useWal(db);
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    migrate(db, file, shippedMigrations());
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function openReader(file: string): Database.Database {
  if (!existsSync(file)) {
    throw new UserError({
      code: 'no-store',
      kind: 'usage',
      message: `there are no runs in ${dirname(file)}`,
      fix: 'start one with vauto run RECIPE, or name the folder with --runs',
    });
  }
  const migrations = shippedMigrations();
  const db = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  const version = schemaVersion(db);
  if (version === migrations.length) return db;
  db.close();
  refuseNewer(version, file, migrations);
  // An older store is migrated by opening it for writing once.
  openWriter(file).close();
  return new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
}

/** SQLite does not wait when several processes turn a new file to WAL at once: it says busy, so the turn is tried again. */
function useWal(db: Database.Database): void {
  const until = Date.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      db.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'SQLITE_BUSY' || Date.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** The same calls; a full disk, a lost folder or a damaged file in the middle of a run is the user's to mend, not a bug. */
function explained<Calls extends object>(calls: Calls, file: string): Calls {
  const wrapped = Object.entries(calls).map(([name, call]) => [
    name,
    (...values: unknown[]) => {
      try {
        return (call as (...values: unknown[]) => unknown)(...values);
      } catch (error) {
        throw explain(error, file);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Calls;
}

function explain(error: unknown, file: string): unknown {
  const code = (error as { code?: unknown }).code;
  if (error instanceof UserError || typeof code !== 'string') return error;
  const cause = { cause: error, place: { file } };
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    const fix = `move ${file} away (with its -wal and -shm) or put a backup in its place; the run folders are not touched`;
    return new UserError({
      code: 'store-damaged',
      kind: 'data',
      message: `${file} is damaged or no vauto store`,
      fix,
      ...cause,
    });
  }
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new UserError({
      code: 'disk-full',
      kind: 'environment',
      message: `the disk is full: ${file} cannot be written to`,
      fix: 'make room and start the same command again: committed work is kept',
      ...cause,
    });
  }
  const unusable = /^(SQLITE_(CANTOPEN|READONLY|IOERR|PERM|BUSY)|EACCES|EROFS|EPERM|ENOTDIR|EEXIST)/;
  if (!unusable.test(code)) return error;
  const message = `${file} cannot be read or written: ${(error as Error).message}`;
  const fix = 'check the folder, its permissions and the space on the disk, or name another folder with --runs';
  return new UserError({ code: 'store-unusable', kind: 'environment', message, fix, ...cause });
}
