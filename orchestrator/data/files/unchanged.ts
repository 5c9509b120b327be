import { stat } from 'node:fs/promises';
import { UserError } from '../../errors.js';

/** What tells that a file is still the one that was opened. */
export interface FileState {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

export async function fileState(file: string): Promise<FileState> {
  const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
  return { device: dev, inode: ino, size, mtimeNs };
}

/** Throws UserError `changed-while-reading` when the file is no longer the one that `before` tells of. */
export async function refuseChanged(file: string, shown: string, before: FileState): Promise<void> {
  const now = await fileState(file).catch(() => undefined);
  const what = changeOf(before, now);
  if (what === undefined) return;
  throw new UserError({
    code: 'changed-while-reading',
    kind: 'data',
    message: `${shown} changed while it was read: ${what}`,
    place: { file: shown },
    fix: 'wait until nothing writes to it, and start again',
  });
}

function changeOf(before: FileState, now: FileState | undefined): string | undefined {
  if (now === undefined) return 'it is gone';
  if (now.device !== before.device || now.inode !== before.inode) return 'another file was put in its place';
  if (now.size !== before.size) return `it had ${before.size} bytes and has ${now.size}`;
  return now.mtimeNs === before.mtimeNs ? undefined : 'it was written to';
}
