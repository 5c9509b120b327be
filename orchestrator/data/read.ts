import { stat } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { shownPath } from './name.js';
import { isRejected, type ReadRow, type Rejected, type SourceContext, type SourceSpec } from './source.js';
import { sources } from './sources/index.js';

/** What became of one entry of `data.train` or `data.benchmarks`. */
export interface ReadSource {
  readonly spec: SourceSpec;
  /** The file as it is shown in errors. */
  readonly file: string;
  readonly rows: readonly ReadRow[];
  readonly rejected: readonly Rejected[];
  /** Why the file could not be read at all. */
  readonly unreadable?: UserError;
}

/** Reads one entry; what is wrong with its rows or with the file itself is data, not an exception. */
export async function readSource(spec: SourceSpec, context: SourceContext): Promise<ReadSource> {
  const file = shownPath(context.resolve(spec.path));
  const rows: ReadRow[] = [];
  const rejected: Rejected[] = [];
  const source = sources[spec.source];
  const unreadable = source === undefined ? unknownSource(spec) : await problemOfFile(spec, context);
  if (source === undefined || unreadable) return { spec, file, rows, rejected, ...(unreadable ? { unreadable } : {}) };
  for await (const item of source.load(spec, context)) {
    context.signal?.throwIfAborted();
    if (isRejected(item)) rejected.push(item);
    else rows.push(item);
    if (rows.length === spec.limit) break;
  }
  return { spec, file, rows, rejected };
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
    fix: 'give the path of a JSON Lines file',
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
