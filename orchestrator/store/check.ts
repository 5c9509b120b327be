import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type BackupFile, newestBackup } from './backup-files.js';
import { damaged } from './explain.js';
import { holdersOf } from './holders.js';

/** A store up to this size is checked at every opening for writing: some 500 MB a second are read. */
const ALWAYS_BYTES = 64e6;

/** The state of a store as a whole. */
export interface StoreState {
  readonly state: 'none' | 'sound' | 'damaged';
  readonly bytes: number;
  /** What is wrong with it. */
  readonly found?: string;
  readonly backup?: BackupFile;
}

/**
 * Whether the store is to be checked before it is written to: always when that is quick, and after a process that had it open
 * was killed. Asked before the file is opened: opening takes the log up.
 */
export function needsCheck(file: string, alwaysBytes = ALWAYS_BYTES): boolean {
  const size = sizeOf(file);
  if (size === 0) return false;
  return size <= alwaysBytes || wasLeftOpen(file);
}

/** The last process that closes a store takes its log away: one with content that nobody has open was left by a crash. */
function wasLeftOpen(file: string): boolean {
  return sizeOf(`${file}-wal`) > 0 && (holdersOf(file) ?? []).length === 0;
}

/** Throws UserError `store-damaged`. Every page is read; a byte changed within a text is nothing that SQLite could notice. */
export function check(db: Database.Database, file: string): void {
  const found = findDamage(db);
  if (found !== undefined) throw damaged(file, undefined, found);
}

/** What is wrong with a database; undefined for a sound one. `thorough` compares the indexes with their tables, too. */
export function findDamage(db: Database.Database, { thorough = false } = {}): string | undefined {
  try {
    const says = db.pragma(`${thorough ? 'integrity_check' : 'quick_check'}(1)`, { simple: true }) as string;
    return says === 'ok' ? undefined : says.split('\n').slice(-1)[0];
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) return (error as Error).message;
    throw error;
  }
}

/** The state of a store, for people who ask; reads it whole. */
export function storeState(file: string): StoreState {
  const backup = newestBackup(file);
  const shared = { bytes: sizeOf(file) + sizeOf(`${file}-wal`), ...(backup === undefined ? {} : { backup }) };
  if (!existsSync(file)) return { state: 'none', ...shared };
  const found = damageOf(file);
  return found === undefined ? { state: 'sound', ...shared } : { state: 'damaged', found, ...shared };
}

/** What is wrong with a file; undefined for a sound store. */
export function damageOf(file: string, options: { thorough?: boolean } = {}): string | undefined {
  const db = new Database(file, { readonly: true });
  try {
    return findDamage(db, options);
  } finally {
    db.close();
  }
}

export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
