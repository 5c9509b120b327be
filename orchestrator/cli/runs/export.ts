import { resolve } from 'node:path';
import type { RunRecord, Store } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { writeCsv } from './export/csv.js';
import { writeWhole } from './export/file.js';
import { writeHtml } from './export/html.js';
import { writeJsonLines } from './export/json-lines.js';
import { writeParquet } from './export/parquet.js';
import { writeReplay } from './export/replay.js';
import type { ExportJob } from './export/rows.js';
import { findRun, withStoreAsync } from './open.js';
import { usageError } from './reader.js';
import { type FilterFlags, furtherFlags } from './rollout-filter.js';
import { withSelection } from './selection.js';

const FORMATS = ['rollouts', 'csv', 'jsonl', 'parquet', 'html'] as const;
type Format = (typeof FORMATS)[number];

export interface ExportFlags extends FilterFlags, Partial<Record<Format, string>> {
  readonly runs: string;
  readonly limit?: number;
  readonly json?: boolean;
}

/** Writes one kind of file and says how many rollouts are in it. */
const WRITERS: Readonly<Record<Exclude<Format, 'rollouts'>, (job: ExportJob) => Promise<number>>> = {
  csv: writeCsv,
  jsonl: writeJsonLines,
  parquet: writeParquet,
  html: writeHtml,
};

/** `vauto runs export RUN`: one file, in the order of commit. */
export async function exportRun(name: string, flags: ExportFlags): Promise<void> {
  const { format, file: given } = formatOf(flags);
  const file = resolve(given);
  const count = await withStoreAsync(flags.runs, (store) => {
    const run = findRun(store, name);
    return format === 'rollouts'
      ? writeReplay(store, run, file, flags.stage)
      : writeRows(store, run, file, flags, format);
  });
  if (flags.json) printJson({ run: name, file, format, rollouts: count });
  else printText(`${count} ${count === 1 ? 'rollout' : 'rollouts'} of ${name} written to ${given}`);
}

function formatOf(flags: ExportFlags): { format: Format; file: string } {
  const given = FORMATS.flatMap((format) => {
    const file = flags[format];
    return file === undefined ? [] : [{ format, file }];
  });
  const [only, second] = given;
  const fix = 'name one: --rollouts, --csv, --jsonl, --parquet or --html FILE';
  if (only === undefined) throw usageError('the file to write is missing', fix);
  if (second !== undefined) throw usageError(`--${only.format} and --${second.format} are two files`, fix);
  if (only.format === 'rollouts') refuseFilters(flags);
  if (flags.limit !== undefined && only.format !== 'html')
    throw usageError(`--limit is for --html; --${only.format} writes all that fit`, 'leave --limit out');
  return only;
}

function refuseFilters(flags: ExportFlags): void {
  const [first] = [...(flags.wrong ? ['--wrong'] : []), ...furtherFlags(flags)];
  const other = flags.set !== undefined ? '--set' : flags.prompt !== undefined ? '--prompt' : first;
  if (other !== undefined)
    throw usageError(
      `--rollouts cannot be combined with ${other}: what is replayed has to be whole`,
      'use --stage alone',
    );
}

function writeRows(
  store: Store,
  run: RunRecord,
  file: string,
  flags: ExportFlags,
  format: Exclude<Format, 'rollouts'>,
): Promise<number> {
  return withSelection(store, run, flags, (selection) =>
    writeWhole(file, (write) => WRITERS[format]({ store, run, selection, write, flags })),
  );
}
