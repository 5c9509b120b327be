import { open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import {
  Counter,
  inChunks,
  isRejected,
  normalisedRow,
  type ReadRow,
  type Rejected,
  readRows,
  SeenIds,
  type SourceCounts,
  shownPath,
} from '../data/index.js';
import { UserError } from '../errors.js';
import { siftGold } from './check-gold.js';

/** Rows that are written with one call. */
const AT_ONCE = 256;
/** Rejected rows that are kept to be shown; all of them are in the file. */
const KEPT = 5;

export interface ImportOptions {
  readonly files: readonly string[];
  /** The manifest to write; packed when its name ends in .gz. */
  readonly out: string;
  /** Where the rows go that cannot be used. */
  readonly rejectedOut: string;
  /** Folder that media paths are read from and written relative to (default: each file's folder; the folder of `out`). */
  readonly root?: string;
  /** Whether as many rejected ones of so many rows may be left out. */
  readonly allows: (rejected: number, rows: number) => boolean;
  readonly signal: AbortSignal;
}

export interface Imported {
  readonly files: readonly SourceCounts[];
  readonly prompts: number;
  readonly rejected: number;
  /** The first rejected rows. */
  readonly first: readonly Rejected[];
  /** Whether `out` was written: not when too many rows were rejected, or all. */
  readonly written: boolean;
}

/**
 * Reads manifests of any format, checks every row as a run does (but for what needs Python; media are looked for, not
 * hashed) and writes the good ones to one manifest of JSON Lines, whole or not at all. An id may stand in one file only.
 * Holds a few rows at a time.
 */
export async function importRows(options: ImportOptions): Promise<Imported> {
  const { out, rejectedOut, allows, signal } = options;
  const part = `${out}.${process.pid}.part`;
  const rejectedPart = `${rejectedOut}.${process.pid}.part`;
  const job = new ImportJob(options);
  try {
    await writeText(part, job.goodLines(rejectedPart), out.endsWith('.gz'), signal);
    const { prompts, rejected } = job;
    const written = prompts > 0 && allows(rejected, prompts + rejected);
    if (rejected > 0) await rename(rejectedPart, rejectedOut);
    else await rm(rejectedOut, { force: true });
    if (written) await rename(part, out);
    return { files: job.counters.map((counter) => counter.counts()), prompts, rejected, first: job.first, written };
  } finally {
    for (const file of [part, rejectedPart]) await rm(file, { force: true });
  }
}

/** One import under way, with its sums. */
class ImportJob {
  readonly counters: Counter[] = [];
  readonly first: Rejected[] = [];
  prompts = 0;
  rejected = 0;

  constructor(readonly options: ImportOptions) {}

  /** Text of the good rows; those that are rejected go to `rejectedFile` meanwhile. */
  async *goodLines(rejectedFile: string): AsyncGenerator<string> {
    const rejected = await open(rejectedFile, 'w');
    try {
      const { pathOf } = await mediaPaths(this.options);
      for await (const items of inChunks(this.#items(), AT_ONCE)) {
        const good = items.filter((item): item is ReadRow => !isRejected(item));
        const bad = items.filter(isRejected);
        if (bad.length > 0) await rejected.appendFile(bad.map(rejectedLine).join(''));
        yield good.map(({ prompt }) => `${JSON.stringify(normalisedRow(prompt, pathOf))}\n`).join('');
      }
      await rejected.sync();
    } finally {
      await rejected.close();
    }
  }

  async *#items(): AsyncGenerator<ReadRow | Rejected> {
    const { files, root, signal } = this.options;
    const hasher = { hash: async () => '' };
    const context = { resolve: (path: string) => resolve(path), hasher, ids: new SeenIds(), excerpts: true, signal };
    for (const path of files) {
      const spec = { source: 'jsonl', path, ...(root === undefined ? {} : { root }) };
      const counter = new Counter(spec);
      this.counters.push(counter);
      for await (const item of siftGold(readRows(spec, context), shownPath(resolve(path)))) {
        counter.add(item);
        this.#count(item);
        yield item;
      }
      refuseEmpty(path, counter.counts());
    }
  }

  #count(item: ReadRow | Rejected): void {
    if (!isRejected(item)) {
      this.prompts += 1;
      return;
    }
    this.rejected += 1;
    if (this.first.length < KEPT) this.first.push(item);
  }
}

function rejectedLine({ file, line, reason, code, row }: Rejected): string {
  return `${JSON.stringify({ file, line, reason, code, row })}\n`;
}

async function writeText(file: string, text: AsyncIterable<string>, packed: boolean, signal: AbortSignal) {
  const target = (await open(file, 'w')).createWriteStream({ flush: true });
  if (packed) await pipeline(text, createGzip(), target, { signal });
  else await pipeline(text, target, { signal });
}

/** Media paths as the written rows name them: they must lie below the root, or no run could use them. */
async function mediaPaths({ out, root }: ImportOptions): Promise<{ pathOf: (path: string) => string }> {
  const base = await realpath(root ?? dirname(resolve(out)));
  const pathOf = (path: string) => {
    const way = relative(base, path);
    if (!way.startsWith(`..${sep}`)) return way.split(sep).join('/');
    throw new UserError({
      code: 'media-elsewhere',
      kind: 'usage',
      message: `${path} does not lie below ${base}: a row of ${out} cannot name it`,
      fix: 'name the folder of the media with --root, and give it to the recipe as root; or write OUT beside the media',
    });
  };
  return { pathOf };
}

/** A file without a row is most likely the wrong file. */
export function refuseEmpty(file: string, { prompts, rejected }: SourceCounts): void {
  if (prompts + rejected > 0) return;
  throw new UserError({
    code: 'empty-dataset',
    kind: 'data',
    message: `${file} holds no rows`,
    place: { file },
    fix: 'write one question a line',
  });
}
