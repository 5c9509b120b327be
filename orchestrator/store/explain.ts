import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';
import { newestBackup } from './backup-files.js';
import { holdersOf } from './holders.js';

/** The same calls; a full disk, a lost folder or a damaged file in the middle of a run is the user's to mend, not a bug. */
export function explained<Calls extends object>(calls: Calls, file: string): Calls {
  const wrapped = Object.entries(calls).map(([name, call]) => [
    name,
    (...values: unknown[]) => {
      try {
        const result = (call as (...values: unknown[]) => unknown)(...values);
        return result instanceof Promise
          ? result.catch((error: unknown) => Promise.reject(explain(error, file)))
          : result;
      } catch (error) {
        throw explain(error, file);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Calls;
}

/** What SQLite or the system says of a store, as a UserError; an error that is neither comes back as it is. */
export function explain(error: unknown, file: string): unknown {
  const code = (error as { code?: unknown }).code;
  if (error instanceof UserError || typeof code !== 'string') return error;
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) return damaged(file, error);
  if (code.startsWith('SQLITE_BUSY')) return busy(file, error);
  const cause = { cause: error, place: { file } };
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || (code.startsWith('SQLITE_IOERR') && isFull(file))) {
    return new UserError({
      code: 'disk-full',
      kind: 'environment',
      message: `the disk is full: ${file} cannot be written to`,
      fix: 'make room and start the same command again: committed work is kept',
      ...cause,
    });
  }
  const unusable = /^(SQLITE_(CANTOPEN|READONLY|IOERR|PERM)|EACCES|EROFS|EPERM|ENOTDIR|EEXIST)/;
  if (!unusable.test(code)) return error;
  const message = `${file} cannot be read or written: ${(error as Error).message}`;
  const fix = 'check the folder, its permissions and the space on the disk, or name another folder with --runs';
  return new UserError({ code: 'store-unusable', kind: 'environment', message, fix, ...cause });
}

/** Less room than SQLite needs for one step: where it maps files it calls a full disk an I/O error. */
function isFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize < 2 ** 20;
  } catch {
    return false;
  }
}

/** `store-damaged`, with the backup that there is. `found`: what the check of the file says. */
export function damaged(file: string, cause: unknown, found?: string): UserError {
  const backup = newestBackup(file);
  const fix =
    backup === undefined
      ? `there is no backup; move ${file} away (with its -wal and -shm); the run folders are not touched`
      : `vauto runs restore --runs ${dirname(file)} (puts the backup of ${backup.at} in its place; the damaged files are kept)`;
  const message = `${file} is damaged or no vauto store${found === undefined ? '' : `: ${found}`}`;
  return new UserError({ code: 'store-damaged', kind: 'data', message, place: { file }, fix, cause });
}

function busy(file: string, cause: unknown): UserError {
  const holders = holdersOf(file)?.filter(({ pid }) => pid !== process.pid) ?? [];
  const writing = holders.filter((holder) => holder.writing);
  const names = (writing.length > 0 ? writing : holders).map(({ pid, command }) => `process ${pid} (${command})`);
  return new UserError({
    code: 'store-busy',
    kind: 'environment',
    message: `${file} is locked by ${names.length === 0 ? 'another process' : names.join(' or ')}`,
    place: { file },
    fix: 'wait until it is done, or stop it, and start the same command again: committed work is kept',
    cause,
  });
}
