import type { Worker } from '../bridge/index.js';
import { inChunks, isRejected, type ReadRow, type Rejected, readCache, type Sift, saveCache } from '../data/index.js';
import type { Media } from '../records/index.js';

/** Rows, and so files, of one request: often enough to show progress, few enough to stop soon. */
const AT_ONCE = 32;

export interface ProbeOptions {
  readonly worker: Pick<Worker, 'call'>;
  /** File that keeps what was found between runs, by content hash. */
  readonly cache: string;
  readonly signal: AbortSignal;
  /** Rows looked at. */
  readonly onProgress: (done: number) => void;
}

/** What a media file is found to be. */
interface Found {
  /** Seconds; null for an image. */
  readonly duration: number | null;
}
interface Fault {
  readonly fault: string;
}

/**
 * Opens every media file once, in the decoder that the model's frames come from. Rows whose file cannot be decoded, or whose
 * cut begins after its end, become rejected rows. `work` gets the look to take at each source; what was found is kept when
 * it ends, however it does.
 */
export async function withMediaProbe<Result>(
  { worker, cache, signal, onProgress }: ProbeOptions,
  work: (sift: Sift) => Promise<Result>,
): Promise<Result> {
  /** Only what was found good is kept: a file that another decoder version can read is asked for again. */
  const known = await readCache<Found>(cache);
  const faults = new Map<string, Fault>();
  let found = 0;
  let done = 0;

  async function open(media: readonly Media[]): Promise<void> {
    if (media.length === 0) return;
    const { items } = await worker.call('media.probe', { paths: media.map(({ path }) => path) }, { signal });
    for (const [index, item] of items.entries()) {
      const sha256 = media[index]?.sha256 ?? '';
      if ('error' in item) faults.set(sha256, { fault: withoutPath(item.error.message, item.path) });
      else {
        known[sha256] = { duration: item.duration };
        found += 1;
      }
    }
  }

  async function* sift(items: AsyncIterable<ReadRow | Rejected>, file: string): AsyncGenerator<ReadRow | Rejected> {
    for await (const chunk of inChunks(items, AT_ONCE)) {
      const media = chunk.flatMap((item) => (isRejected(item) ? [] : item.prompt.media));
      const different = new Map(media.map((medium) => [medium.sha256, medium]));
      await open([...different.values()].filter(({ sha256 }) => !known[sha256] && !faults.has(sha256)));
      for (const item of chunk) yield isRejected(item) ? item : probed(item, file);
      done += chunk.length;
      onProgress(done);
    }
  }

  function probed(row: ReadRow, file: string): ReadRow | Rejected {
    const [media] = row.prompt.media;
    const problem = media && problemOf(media, known[media.sha256] ?? faults.get(media.sha256));
    if (problem === undefined) return row;
    return { code: 'bad-media', file, line: row.line, column: 1, key: media?.kind ?? 'video', ...problem };
  }

  try {
    return await work(sift);
  } finally {
    if (found > 0) await saveCache(cache, known);
  }
}

function problemOf(media: Media, found: Found | Fault | undefined): Pick<Rejected, 'reason' | 'fix'> | undefined {
  if (found === undefined) return undefined;
  if ('fault' in found) {
    const fix = 'replace the file; ffprobe shows what it holds';
    return { reason: `the ${media.kind} ${media.path} cannot be used: ${found.fault}`, fix };
  }
  const { duration } = found;
  if (duration === null || media.start === undefined || media.start < duration) return undefined;
  return { reason: `start is ${media.start} s, but ${media.path} lasts ${duration.toFixed(2)} s` };
}

function withoutPath(message: string, path: string): string {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}
