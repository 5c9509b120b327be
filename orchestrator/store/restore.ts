import { constants, copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { UserError } from '../errors.js';
import { settle, sync } from './backup.js';
import { type BackupFile, backupsOf } from './backup-files.js';
import { damageOf } from './check.js';
import { holdersOf } from './holders.js';

/** What a restore did. */
export interface Restored {
  /** The store. */
  readonly file: string;
  readonly backup: BackupFile;
  /** Where the files that were there lie now. */
  readonly aside: readonly string[];
}

/**
 * Puts the newest sound backup in the place of a store. What was there is moved aside, never deleted; the backup stays where
 * it is. Throws UserErrors: `store-busy`, `store-sound` (unless forced), `no-backup`.
 */
export function restoreStore(file: string, { force = false } = {}): Restored {
  refuseInUse(file);
  const damage = existsSync(file) ? damageOf(file) : 'missing';
  if (damage === undefined && !force) {
    throw new UserError({
      code: 'store-sound',
      kind: 'usage',
      message: `${file} is not damaged: there is nothing to restore`,
      place: { file },
      fix: 'to go back to the backup all the same: --force (the store of now is moved aside)',
    });
  }
  const part = `${file}.restored.${process.pid}.part`;
  try {
    const backup = copySound(file, part);
    const aside = moveAside(file);
    renameSync(part, file);
    sync(dirname(file));
    return { file, backup, aside };
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(part + suffix, { force: true });
  }
}

function refuseInUse(file: string): void {
  const others = holdersOf(file)?.filter(({ pid }) => pid !== process.pid) ?? [];
  if (others.length === 0) return;
  throw new UserError({
    code: 'store-busy',
    kind: 'usage',
    message: `${file} is open in ${others.map(({ pid, command }) => `process ${pid} (${command})`).join(', ')}`,
    place: { file },
    fix: 'stop it, then restore',
  });
}

/** Copies the newest backup that is sound to `part`. */
function copySound(file: string, part: string): BackupFile {
  const backups = backupsOf(file);
  for (const backup of backups) {
    copyFileSync(backup.file, part, constants.COPYFILE_FICLONE);
    if (settle(part, { thorough: true }) === undefined) return backup;
  }
  const names = backups.map(({ file: name }) => basename(name)).join(', ');
  throw new UserError({
    code: 'no-backup',
    kind: 'data',
    message: backups.length === 0 ? `there is no backup of ${file}` : `every backup of ${file} is damaged: ${names}`,
    place: { file },
    fix: `move ${file} away (with its -wal and -shm) and start again; the run folders are not touched`,
  });
}

/** The log goes first: it would be written into the backup. The store itself is only linked, for the backup to replace. */
function moveAside(file: string): string[] {
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const moved = ['-wal', '-shm', ''].filter((suffix) => existsSync(file + suffix));
  for (const suffix of moved) {
    if (suffix === '') keep(file, aside);
    else renameSync(file + suffix, aside + suffix);
  }
  return moved.map((suffix) => aside + suffix).sort();
}

function keep(file: string, aside: string): void {
  try {
    linkSync(file, aside);
  } catch {
    // File systems without links.
    renameSync(file, aside);
  }
}
