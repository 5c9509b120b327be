import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A media file that a row may use. */
export interface FoundMedia {
  /** Absolute path, symbolic links resolved. */
  readonly path: string;
  readonly sha256: string;
}

/** Why a row's media file cannot be used. */
export interface MediaProblem {
  readonly problem: string;
  readonly fix?: string;
}

/** The folder that media lie in. */
export class MediaRoot {
  #real: Promise<string> | undefined;

  constructor(readonly path: string) {}

  /** Its path with symbolic links resolved. */
  real(): Promise<string> {
    this.#real ??= realpath(this.path);
    return this.#real;
  }
}

/**
 * Finds a row's media file below `root` and hashes it. A path that leaves the root, also through a symbolic link, is a
 * problem: a manifest from elsewhere must not make vauto read any file of this machine.
 */
export async function findMedia(
  given: string,
  root: MediaRoot,
  hasher: Pick<MediaHasher, 'hash'>,
): Promise<FoundMedia | MediaProblem> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(given))
    return { problem: `"${given}" is an address; media are files`, fix: 'download it and write its path' };
  const path = resolve(root.path, given);
  const outside = {
    problem: `"${given}" lies outside ${root.path}`,
    fix: "media must lie in the manifest's folder, or in the folder named by root",
  };
  if (!isInside(path, root.path)) return outside;
  const info = await stat(path).catch(absent);
  if (info === undefined)
    return {
      problem: `"${given}" is not there (looked for ${path})`,
      fix: 'paths are relative to the folder of the manifest, or to root',
    };
  if (!info.isFile()) return { problem: `"${given}" is no file` };
  if (info.size === 0) return { problem: `"${given}" is an empty file` };
  const real = await realpath(path);
  if (!isInside(real, await root.real())) return outside;
  return { path: real, sha256: await hasher.hash(real) };
}

function isInside(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** ENOTDIR: a part of the path is a file; ELOOP: links in a circle; ENAMETOOLONG: no file can have this name. */
const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

function absent(error: unknown): undefined {
  if (ABSENT.has((error as NodeJS.ErrnoException).code)) return undefined;
  throw error;
}

interface Known {
  readonly size: number;
  readonly mtimeMs: number;
  /** Tells a file that was replaced by a copy with the old date. */
  readonly ctimeMs: number;
  readonly sha256: string;
}

/** Content hashes of media files; each file is read once, as long as its size and times of change stay the same. */
export class MediaHasher {
  readonly #known = new Map<string, Known>();
  readonly #running = new Map<string, Promise<string>>();
  #changed = false;

  /** `cacheFile` keeps the hashes between runs; without it they last as long as the process. */
  constructor(readonly cacheFile?: string) {}

  static async open(cacheFile?: string): Promise<MediaHasher> {
    const hasher = new MediaHasher(cacheFile);
    if (cacheFile !== undefined) await hasher.#read(cacheFile);
    return hasher;
  }

  /** SHA-256 of the file, in hex. */
  async hash(path: string): Promise<string> {
    const running = this.#running.get(path);
    if (running) return running;
    const work = this.#hash(path).finally(() => this.#running.delete(path));
    this.#running.set(path, work);
    return work;
  }

  /** Writes the cache file, whole or not at all; a folder that cannot be written to costs time, nothing else. */
  async save(): Promise<void> {
    if (this.cacheFile === undefined || !this.#changed) return;
    await saveCache(this.cacheFile, Object.fromEntries(this.#known));
    this.#changed = false;
  }

  async #hash(path: string): Promise<string> {
    const { size, mtimeMs, ctimeMs } = await stat(path);
    const known = this.#known.get(path);
    if (known && known.size === size && known.mtimeMs === mtimeMs && known.ctimeMs === ctimeMs) return known.sha256;
    const digest = createHash('sha256');
    await pipeline(createReadStream(path), digest);
    const sha256 = digest.digest('hex');
    this.#known.set(path, { size, mtimeMs, ctimeMs, sha256 });
    this.#changed = true;
    return sha256;
  }

  async #read(cacheFile: string): Promise<void> {
    const entries = Object.entries(await readCache<Known>(cacheFile));
    for (const [path, known] of entries) if (typeof known?.sha256 === 'string') this.#known.set(path, known);
  }
}

/** A JSON object kept between runs; one that is missing or broken costs time, nothing else. */
export async function readCache<Entry>(file: string): Promise<Record<string, Entry>> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return value !== null && typeof value === 'object' ? (value as Record<string, Entry>) : {};
  } catch {
    return {};
  }
}

/** Writes such an object whole, or leaves the old one when that is not possible. */
export async function saveCache(file: string, value: Readonly<Record<string, unknown>>): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(part, JSON.stringify(value));
    await rename(part, file);
  } catch {
    await rm(part, { force: true });
  }
}
