import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file or folder that a stage leaves behind, as committed with the stage's result. */
export interface RawArtifact {
  readonly name: string;
  /** Relative to the run folder. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Hash of a folder: every file's relative name and content, names sorted; moving the folder does not change it. */
export async function hashFolder(folder: string): Promise<{ sha256: string; bytes: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  let bytes = 0;
  for (const file of files.sort()) {
    bytes += (await stat(file)).size;
    hash.update(`${file.slice(folder.length)}\0${await hashFile(file)}\n`);
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Describes a file or folder of the run as an artifact. */
export async function describeArtifact(runFolder: string, name: string, path: string): Promise<RawArtifact> {
  const full = join(runFolder, path);
  const info = await stat(full);
  if (info.isDirectory()) return { name, path, ...(await hashFolder(full)) };
  return { name, path, sha256: await hashFile(full), bytes: info.size };
}
