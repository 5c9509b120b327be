import type { Worker } from '../bridge/index.js';
import { type ReadRow, type ReadSource, type Rejected, readCache, saveCache } from '../data/index.js';
import type { Media } from '../records/index.js';
import { type ReadSets, refuseBad } from './load-data.js';

/** Files of one request: often enough to show progress, few enough to stop soon. */
const AT_ONCE = 32;

export interface ProbeOptions {
  readonly worker: Pick<Worker, 'call'>;
  /** File that keeps what was found between runs, by content hash. */
  readonly cache: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
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
 * cut begins after its end, become rejected rows; throws UserErrors when a source may not have any.
 */
export async function probeMedia(sets: ReadSets, options: ProbeOptions): Promise<ReadSets> {
  const all = [...sets.values()].flat().flatMap(({ rows }) => rows.flatMap(({ prompt }) => prompt.media));
  const files = await probeFiles(new Map(all.map((media) => [media.sha256, media])), options);
  const probed = new Map([...sets].map(([set, read]) => [set, read.map((source) => sift(source, files))]));
  refuseBad(probed);
  return probed;
}

/** Only what was found good is kept: a file that another decoder version can read is asked for again. */
async function probeFiles(
  media: ReadonlyMap<string, Media>,
  { worker, cache, signal, onProgress }: ProbeOptions,
): Promise<Map<string, Found | Fault>> {
  const known = await readCache<Found>(cache);
  const files = new Map<string, Found | Fault>();
  const open: (readonly [string, Media])[] = [];
  for (const [sha256, medium] of media) {
    const found = known[sha256];
    if (found === undefined) open.push([sha256, medium]);
    else files.set(sha256, found);
  }
  try {
    for (let start = 0; start < open.length; start += AT_ONCE) {
      const chunk = open.slice(start, start + AT_ONCE);
      onProgress(start, open.length);
      const { items } = await worker.call('media.probe', { paths: chunk.map(([, { path }]) => path) }, { signal });
      for (const [index, item] of items.entries()) {
        const sha256 = chunk[index]?.[0] ?? '';
        if ('error' in item) files.set(sha256, { fault: withoutPath(item.error.message, item.path) });
        else {
          known[sha256] = { duration: item.duration };
          files.set(sha256, known[sha256]);
        }
      }
    }
  } finally {
    if (open.length > 0) await saveCache(cache, known);
  }
  return files;
}

function sift(source: ReadSource, files: ReadonlyMap<string, Found | Fault>): ReadSource {
  const rows: ReadRow[] = [];
  const rejected: Rejected[] = [...source.rejected];
  for (const row of source.rows) {
    const [media] = row.prompt.media;
    const problem = media && problemOf(media, files.get(media.sha256));
    if (problem === undefined) rows.push(row);
    else {
      const { file } = source;
      rejected.push({ code: 'bad-media', file, line: row.line, column: 1, key: media?.kind ?? 'video', ...problem });
    }
  }
  return { ...source, rows, rejected: rejected.sort((a, b) => a.line - b.line) };
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
