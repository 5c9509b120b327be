import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../../../errors.js';

export type Write = (part: string | Uint8Array) => Promise<void>;

/** Texts are gathered up to this length, in UTF-16 code units. */
const BUFFER = 256 * 1024;

/** Writes a file under another name until it is whole; what fails leaves nothing behind, and an older file as it was. */
export async function writeWhole<Result>(file: string, use: (write: Write) => Promise<Result>): Promise<Result> {
  const partial = `${file}.partial-${process.pid}`;
  const handle = await openNew(partial, dirname(file));
  try {
    let text = '';
    const flush = async () => {
      const whole = text;
      text = '';
      if (whole !== '') await handle.writeFile(whole);
    };
    const result = await use(async (part) => {
      if (typeof part === 'string') text += part;
      if (typeof part !== 'string' || text.length >= BUFFER) await flush();
      if (typeof part !== 'string') await handle.writeFile(part);
    });
    await flush();
    await handle.close();
    await rename(partial, file);
    return result;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}

async function openNew(partial: string, folder: string): Promise<FileHandle> {
  try {
    return await open(partial, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UserError({
      code: 'no-folder',
      kind: 'usage',
      message: `the folder ${folder} is not there`,
      fix: 'make it first, or name another file',
    });
  }
}
