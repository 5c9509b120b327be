import { isUtf8 } from 'node:buffer';
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UserError } from '../../errors.js';
import { truncated } from './format.js';

/** A row group is read whole; one that unfolds to more than this would not fit the memory that reading may take. */
const MOST_GROUP_BYTES = 1024 ** 3;

/** Rows of a Parquet file as plain JSON values, read row group by row group. Columns that are null are left out. */
export async function* parquetRows(file: string, shown: string): AsyncGenerator<unknown> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await footerOf(buffer, shown);
  let start = 0;
  for (const [index, { num_rows, total_byte_size }] of metadata.row_groups.entries()) {
    if (total_byte_size > MOST_GROUP_BYTES) throw tooLarge(shown, index, total_byte_size);
    const end = start + Number(num_rows);
    yield* await groupRows({ file: buffer, metadata, rowStart: start, rowEnd: end }, shown, index);
    start = end;
  }
}

type Buffer = Awaited<ReturnType<typeof asyncBufferFromFile>>;
interface Group {
  readonly file: Buffer;
  readonly metadata: FileMetaData;
  readonly rowStart: number;
  readonly rowEnd: number;
}

async function footerOf(buffer: Buffer, shown: string): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(buffer);
  } catch {
    throw truncated(shown, 0, 'the list of its contents, which stands at the end of Parquet, is missing or broken');
  }
}

async function* groupRows(group: Group, shown: string, index: number): AsyncGenerator<unknown> {
  const rows = await parquetReadObjects({ ...group, compressors, parsers: { stringFromBytes } }).catch(
    (error: unknown) => {
      throw damaged(shown, index, group.rowStart, error);
    },
  );
  for (const row of rows) yield Object.fromEntries(present(row));
}

function present(row: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(row).flatMap(([key, value]) => (value == null ? [] : [[key, plain(value)]]));
}

const decoder = new TextDecoder();

/** Text that is no UTF-8 stays bytes, which no key of a row may be. */
function stringFromBytes(bytes: Uint8Array): unknown {
  return bytes && (isUtf8(bytes) ? decoder.decode(bytes) : bytes);
}

/** What JSON would say; bytes (such as an image inside the file) are only told of. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return { bytes: value.byteLength };
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function damaged(file: string, group: number, rows: number, cause: unknown): UserError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new UserError({
    code: 'damaged-file',
    kind: 'data',
    message: `${file} cannot be read in row group ${group + 1}: ${message}; ${rows} rows were readable`,
    place: { file },
    fix: 'get the file again, or write it without encryption and with a common compression (Snappy, Zstandard, gzip)',
    cause,
  });
}

function tooLarge(file: string, group: number, bytes: bigint): UserError {
  return new UserError({
    code: 'row-group-too-large',
    kind: 'data',
    message: `row group ${group + 1} of ${file} unfolds to ${bytes} bytes; at most ${MOST_GROUP_BYTES} are read at once`,
    place: { file },
    fix: 'write the file with smaller row groups, such as pyarrow.parquet.write_table(…, row_group_size=10_000)',
  });
}
