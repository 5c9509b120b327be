import type { Prompt } from '../records/index.js';
import type { MediaHasher } from './media.js';
import type { SeenIds } from './seen-ids.js';

/** One entry of `data.train` or `data.benchmarks`; paths are still as written. */
export interface SourceSpec {
  /** Which source reads it. */
  readonly source: string;
  readonly path: string;
  /** Name in prompt ids; default: the file's name without its ending. */
  readonly name?: string | undefined;
  /** Folder that media paths are relative to and may not leave. */
  readonly root?: string | undefined;
  /** Use at most so many rows, the first ones. */
  readonly limit?: number | undefined;
  /** Fewer usable rows than this are an error. */
  readonly minimum?: number | undefined;
  /** What bad rows do; default `fail`. */
  readonly onError?: 'fail' | 'skip' | undefined;
  /** With `fail`: as many bad rows are left out, or below 1 such a share of all rows; default 0. */
  readonly maxRejected?: number | undefined;
}

/** A row that cannot be used, with its reason: data, not an exception. */
export interface Rejected {
  readonly code: RejectionCode;
  readonly file: string;
  /** From 1; the row's number in a Parquet file. */
  readonly line: number;
  /** From 1: where the key stands, or the row's beginning when it is not there. */
  readonly column?: number;
  /** Key of the row that is wrong. */
  readonly key?: string;
  readonly reason: string;
  readonly fix?: string;
  /** The row as it stands in the file, its beginning; only where it is asked for. */
  readonly row?: string;
}

/**
 * bad-json: not one JSON object in UTF-8; bad-row: a key is missing or has another type; bad-answer: the gold answer does
 * not fit the problem type; bad-options; bad-media: missing, empty, outside the root, not decodable; duplicate-id.
 */
export type RejectionCode = 'bad-json' | 'bad-row' | 'bad-answer' | 'bad-options' | 'bad-media' | 'duplicate-id';

/** A row that is right, and where it stands. */
export interface ReadRow {
  readonly prompt: Prompt;
  /** From 1. */
  readonly line: number;
  /** As in a rejected row. */
  readonly row?: string;
}

export interface SourceContext {
  /** Absolute path of something that the spec names. */
  resolve(path: string): string;
  readonly hasher: Pick<MediaHasher, 'hash'>;
  readonly signal?: AbortSignal;
  /** Ids of the files read before, where they may not come again. */
  readonly ids?: SeenIds;
  /** Rows carry their text, its beginning. */
  readonly excerpts?: boolean;
}

/** A way of reading questions. Adding one: a file in `sources/`, a line in `sources/index.ts`, a test with good and bad rows. */
export interface Source {
  readonly name: string;
  /** Streams good and rejected rows in the order of the file; throws UserError when the file itself cannot be read. */
  load(spec: SourceSpec, context: SourceContext): AsyncIterable<ReadRow | Rejected>;
}

export function isRejected(item: ReadRow | Rejected): item is Rejected {
  return 'reason' in item;
}
