import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A copy of a store beside it. */
export interface BackupFile {
  readonly file: string;
  /** When it was made, ISO 8601. */
  readonly at: string;
}

/** Where the regular backup of a store lies. */
export function backupOf(file: string): string {
  return `${file}.backup`;
}

/** The backup of a store and the copies made before its schema changed, the newest first. */
export function backupsOf(file: string): BackupFile[] {
  const folder = dirname(file);
  const name = basename(file);
  const isBackup = (entry: string) =>
    entry === basename(backupOf(file)) || (entry.startsWith(`${name}.schema-`) && entry.endsWith('.bak'));
  return entriesOf(folder)
    .filter(isBackup)
    .map((entry) => ({ file: join(folder, entry), at: statSync(join(folder, entry)).mtime.toISOString() }))
    .sort((a, b) => (a.at < b.at ? 1 : -1));
}

export function newestBackup(file: string): BackupFile | undefined {
  return backupsOf(file)[0];
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The folder may be what is wrong.
    return [];
  }
}
