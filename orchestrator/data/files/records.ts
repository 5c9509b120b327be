import { createReadStream } from 'node:fs';
import { UserError } from '../../errors.js';
import { type FileFormat, formatOf, truncated } from './format.js';
import { type Line, splitLines } from './lines.js';
import { parquetRows } from './parquet.js';
import { fileState, refuseChanged } from './unchanged.js';
import { UnpackError, unpack } from './unpack.js';

/** Packed files are read in small pieces: a piece may unfold to a thousand times its size. */
const PACKED_BYTES = 16 * 1024;

/** One row of a manifest: a line of text, or the values of a Parquet row. */
export type RawRow = Line | { readonly number: number; readonly value: unknown };

/**
 * Streams the rows of a file in any format, blank lines left out. Throws UserErrors: `format-mismatch`, `not-utf8`,
 * `truncated-file`, `damaged-file`, `row-group-too-large`, `changed-while-reading`. `shown`: the file's name in errors.
 */
export async function* readRecords(file: string, shown: string, signal?: AbortSignal): AsyncGenerator<RawRow> {
  const before = await fileState(file);
  const format = await formatOf(file, shown);
  let rows = 0;
  try {
    for await (const row of rowsOf(file, shown, format, signal)) {
      yield row;
      rows += 1;
    }
  } catch (error) {
    // A file that is being written ends anywhere: that it changes says more than how it ends.
    await refuseChanged(file, shown, before);
    throw error instanceof UnpackError ? unpackError(error, shown, rows) : error;
  }
  await refuseChanged(file, shown, before);
}

function rowsOf(
  file: string,
  shown: string,
  format: FileFormat,
  signal: AbortSignal | undefined,
): AsyncGenerator<RawRow> {
  if (format === 'parquet') return numbered(parquetRows(file, shown));
  const plain = format === 'jsonl';
  const options = { ...(plain ? {} : { highWaterMark: PACKED_BYTES }), ...(signal ? { signal } : {}) };
  const chunks = createReadStream(file, options) as AsyncIterable<Uint8Array>;
  return textLines(plain ? chunks : unpack(chunks, format));
}

async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawRow> {
  for await (const line of splitLines(chunks)) if (line.problem !== undefined || line.text.trim() !== '') yield line;
}

async function* numbered(values: AsyncIterable<unknown>): AsyncGenerator<RawRow> {
  let number = 0;
  for await (const value of values) {
    number += 1;
    yield { number, value };
  }
}

function unpackError({ cut, message }: UnpackError, shown: string, rows: number): UserError {
  if (cut) return truncated(shown, rows, 'it ends in the middle of its packed data');
  return new UserError({
    code: 'damaged-file',
    kind: 'data',
    message: `${shown} cannot be unpacked: ${message}; ${rows} rows were readable`,
    place: { file: shown },
    fix: 'get the file again, whole',
  });
}
