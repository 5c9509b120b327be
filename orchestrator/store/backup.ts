import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { backupOf } from './backup-files.js';
import { findDamage, sizeOf } from './check.js';
import { damaged } from './explain.js';
import type { BackupOptions, BackupOutcome } from './types.js';

const MINUTE_MS = 60_000;
const OLDER_THAN_MINUTES = 10;
/** Copying and checking this much takes a minute or two. */
const MOST_BYTES = 20e9;
/** Left free on the disk: work goes before backups. */
const FREE_BYTES = 1e9;
/** Pages copied before other work of this process gets its turn. */
const PAGES = 10_000;

/**
 * Copies the store to `FILE.backup`, which is replaced in one step by a copy that was checked: it is whole at any moment.
 * Others may write meanwhile. Nothing is done when the last backup is recent, the store large or the disk nearly full.
 * Throws UserError `store-damaged` when the copy is, and keeps the earlier backup.
 */
export async function backupStore(file: string, options: BackupOptions = {}): Promise<BackupOutcome> {
  const { olderThanMinutes = OLDER_THAN_MINUTES, mostBytes = MOST_BYTES } = options;
  const target = backupOf(file);
  if (file === ':memory:' || isRecent(target, olderThanMinutes)) return { state: 'recent', file: target };
  const bytes = sizeOf(file) + sizeOf(`${file}-wal`);
  if (bytes > mostBytes) return { state: 'too-large', file: target };
  if (freeBytes(dirname(file)) < bytes + FREE_BYTES) return { state: 'no-space', file: target };
  removeOldParts(target);
  const part = `${target}.${process.pid}.part`;
  try {
    await copy(file, part);
    const found = settle(part);
    if (found !== undefined) throw damaged(file, undefined, found);
    renameSync(part, target);
    sync(dirname(target));
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(part + suffix, { force: true });
  }
  return { state: 'made', file: target };
}

/** A connection of its own, in one transaction: what others commit meanwhile would make the copying begin anew. */
async function copy(file: string, part: string): Promise<void> {
  const source = new Database(file, { readonly: true });
  try {
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_master').get();
    await source.backup(part, { progress: () => PAGES });
  } finally {
    source.close();
  }
}

/** Makes the copy a single file, on the disk; resolves with what is wrong with it. */
export function settle(part: string, options: { thorough?: boolean } = {}): string | undefined {
  const db = new Database(part);
  try {
    const found = findDamage(db, options);
    if (found !== undefined) return found;
    db.pragma('journal_mode = DELETE');
  } finally {
    db.close();
  }
  sync(part);
  return undefined;
}

function isRecent(target: string, minutes: number): boolean {
  const made = statSync(target, { throwIfNoEntry: false })?.mtimeMs;
  // One of tomorrow was made before the clock was set back.
  return made !== undefined && Math.abs(Date.now() - made) < minutes * MINUTE_MS;
}

/** What a killed process left of a copy. */
function removeOldParts(target: string): void {
  const folder = dirname(target);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(target)}.`) || !name.includes('.part')) continue;
    const age = Date.now() - (statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 60 * MINUTE_MS) rmSync(join(folder, name), { force: true });
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Has the content of a file, or the names in a folder, on the disk when it returns. */
export function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
