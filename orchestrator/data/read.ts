import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { UserError } from '../errors.js';
import { shownPath } from './name.js';
import { inMemory, type RowKeeper, type Rows } from './row-spool.js';
import { isRejected, type ReadRow, type Rejected, type SourceContext, type SourceSpec } from './source.js';
import { sources } from './sources/index.js';

/** What became of one entry of `data.train` or `data.benchmarks`. */
export interface ReadSource {
  readonly spec: SourceSpec;
  /** The file as it is shown in errors. */
  readonly file: string;
  readonly rows: Rows;
  readonly rejected: readonly Rejected[];
  /** Why the file could not be read at all. */
  readonly unreadable?: UserError;
}

/** A further look at rows, that may turn good ones into rejected ones; keeps their order. `file`: as it is shown in errors. */
export type Sift = (items: AsyncIterable<ReadRow | Rejected>, file: string) => AsyncIterable<ReadRow | Rejected>;

/**
 * Reads one entry; what is wrong with its rows or with the file itself is data, not an exception. `keep` says where good rows
 * are kept.
 */
export async function readSource(
  spec: SourceSpec,
  context: SourceContext,
  sift?: Sift,
  keep: () => RowKeeper = inMemory,
): Promise<ReadSource> {
  const file = shownPath(context.resolve(spec.path));
  try {
    const read = readRows(spec, context);
    return { spec, file, ...(await parted(sift === undefined ? read : sift(read, file), keep())) };
  } catch (error) {
    if (!(error instanceof UserError) || error.kind !== 'data') throw error;
    return { spec, file, rows: [], rejected: [], unreadable: error };
  }
}

/** What was read, after a further look at its rows. */
export async function sifted(source: ReadSource, sift: Sift, keep: () => RowKeeper = inMemory): Promise<ReadSource> {
  const { rows, rejected } = await parted(sift(Readable.from(source.rows), source.file), keep());
  return { ...source, rows, rejected: [...source.rejected, ...rejected].sort((a, b) => a.line - b.line) };
}

async function parted(
  items: AsyncIterable<ReadRow | Rejected>,
  keeper: RowKeeper,
): Promise<Pick<ReadSource, 'rows' | 'rejected'>> {
  const rejected: Rejected[] = [];
  for await (const item of items) {
    if (isRejected(item)) rejected.push(item);
    else keeper.add(item);
  }
  return { rows: keeper.rows(), rejected };
}

/**
 * Streams the rows of one entry, good and bad, in the order of the file, up to its limit. Throws UserError when there is no
 * such file or source, or the file cannot be read to its end.
 */
export async function* readRows(spec: SourceSpec, context: SourceContext): AsyncGenerator<ReadRow | Rejected> {
  const source = sources[spec.source];
  if (source === undefined) throw unknownSource(spec);
  const problem = await problemOfFile(spec, context);
  if (problem) throw problem;
  let good = 0;
  for await (const item of source.load(spec, context)) {
    context.signal?.throwIfAborted();
    yield item;
    if (!isRejected(item)) good += 1;
    if (good === spec.limit) return;
  }
}

async function problemOfFile({ path }: SourceSpec, context: SourceContext): Promise<UserError | undefined> {
  const file = context.resolve(path);
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  });
  if (info?.isFile()) return undefined;
  const message = info ? `${path} is a folder; a manifest is a file` : `there is no manifest ${file}`;
  return new UserError({
    code: 'missing-manifest',
    kind: 'data',
    message,
    place: { file: path },
    fix: 'give the path of a JSON Lines (plain, .gz, .zst) or Parquet file',
  });
}

function unknownSource({ source, path }: SourceSpec): UserError {
  return new UserError({
    code: 'unknown-source',
    kind: 'data',
    message: `there is no source "${source}"`,
    place: { file: path },
    fix: `allowed: ${Object.keys(sources).join(', ')}`,
  });
}
