import { open } from 'node:fs/promises';
import { UserError } from '../../errors.js';

/** How the rows of a manifest lie in its file. */
export type FileFormat = 'jsonl' | 'jsonl.gz' | 'jsonl.zst' | 'parquet';

const ENDINGS: readonly (readonly [ending: string, format: FileFormat])[] = [
  ['.gz', 'jsonl.gz'],
  ['.zst', 'jsonl.zst'],
  ['.parquet', 'parquet'],
];

const NAMES: Readonly<Record<FileFormat, string>> = {
  jsonl: 'plain text',
  'jsonl.gz': 'gzip',
  'jsonl.zst': 'Zstandard',
  parquet: 'Parquet',
};

/** First bytes by which a kind of file is known, read as Latin-1; without a format it is none that vauto reads. */
const MAGIC: readonly { readonly bytes: string; readonly name: string; readonly format?: FileFormat }[] = [
  { bytes: '\x1f\x8b', name: 'gzip', format: 'jsonl.gz' },
  { bytes: '\x28\xb5\x2f\xfd', name: 'Zstandard', format: 'jsonl.zst' },
  { bytes: 'PAR1', name: 'Parquet', format: 'parquet' },
  { bytes: 'PK\x03\x04', name: 'a zip archive' },
  { bytes: 'BZh', name: 'bzip2' },
  { bytes: '\xfd7zXZ', name: 'xz' },
  { bytes: 'ARROW1', name: 'Arrow IPC' },
  { bytes: '\xff\xfe', name: 'text in UTF-16 (byte order mark ff fe)' },
  { bytes: '\xfe\xff', name: 'text in UTF-16 (byte order mark fe ff)' },
];

/**
 * Format of a file by its ending; anything but .gz, .zst and .parquet is plain JSON Lines. Throws UserError
 * `format-mismatch` when its first bytes are another one's, `not-utf8` for UTF-16, `truncated-file` when a packed file is empty.
 */
export async function formatOf(file: string, shown: string): Promise<FileFormat> {
  const format = formatByEnding(file);
  const head = await firstBytes(file, 8);
  const found = MAGIC.find(({ bytes }) => head.startsWith(bytes));
  if (found?.name.includes('UTF-16') && format === 'jsonl') throw notUtf8(shown, found.name);
  if (head === '' && format !== 'jsonl')
    throw truncated(shown, 0, `it is empty, so not even the head of ${NAMES[format]} is there`);
  if (found === undefined ? format === 'jsonl' : found.format === format) return format;
  throw mismatch(shown, format, found);
}

export function formatByEnding(file: string): FileFormat {
  return ENDINGS.find(([ending]) => file.toLowerCase().endsWith(ending))?.[1] ?? 'jsonl';
}

async function firstBytes(file: string, count: number): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A file of which the end is missing; `rows` were read before. */
export function truncated(file: string, rows: number, how: string): UserError {
  return new UserError({
    code: 'truncated-file',
    kind: 'data',
    message: `${file} is cut off: ${how}; ${rows === 1 ? '1 row was' : `${rows} rows were`} readable`,
    place: { file },
    fix: 'get the file again, whole',
  });
}

function mismatch(file: string, format: FileFormat, found: (typeof MAGIC)[number] | undefined): UserError {
  const holds = found?.name ?? 'something else';
  const ending = found?.format === undefined ? undefined : `.${found.format}`;
  return new UserError({
    code: 'format-mismatch',
    kind: 'data',
    message: `${file} is ${NAMES[format]} by its ending, but holds ${holds}`,
    place: { file },
    fix: ending === undefined ? 'give JSON Lines (plain, .gz or .zst) or .parquet' : `name it …${ending}`,
  });
}

function notUtf8(file: string, holds: string): UserError {
  return new UserError({
    code: 'not-utf8',
    kind: 'data',
    message: `${file} is ${holds}; UTF-8 is needed`,
    place: { file },
    fix: `iconv -f UTF-16 -t UTF-8 ${file}`,
  });
}
