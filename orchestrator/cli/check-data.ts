import { resolve } from 'node:path';
import {
  Counter,
  isRejected,
  MediaHasher,
  type Rejected,
  readRows,
  rowError,
  type SourceCounts,
  shownPath,
} from '../data/index.js';
import { UserError } from '../errors.js';
import { siftGold } from '../pipeline/check-gold.js';
import { refuseEmpty } from '../pipeline/import-rows.js';
import { type BadRowSpool, openSpool } from './bad-row-spool.js';
import { errorJson, errorsText } from './errors-text.js';
import { formatTable, printText } from './output.js';

export interface CheckFlags {
  readonly root?: string;
  readonly show: string;
  readonly json?: boolean;
}

interface Checked {
  readonly counts: SourceCounts;
  /** The first bad rows. */
  readonly listed: readonly Rejected[];
}

/**
 * `vauto data check`: every row of every file, none of it fatal, a few at a time in memory. Returns the exit status: 1 when
 * a row cannot be used.
 */
export async function checkData(files: readonly string[], flags: CheckFlags): Promise<number> {
  const show = flags.json ? 0 : listLength(flags.show);
  const spool = flags.json ? openSpool() : undefined;
  try {
    const checked: Checked[] = [];
    for (const file of files) checked.push(await checkFile(file, flags.root, show, spool));
    if (spool === undefined) printText(`${table(checked)}${problems(checked)}`);
    else await spool.print(checked.map(({ counts }) => counts));
    return checked.some(({ counts }) => counts.rejected > 0) ? 1 : 0;
  } finally {
    spool?.remove();
  }
}

function listLength(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UserError({
    code: 'usage',
    kind: 'usage',
    message: `--show is "${text}"; a number is needed`,
    fix: 'write --show 20',
  });
}

async function checkFile(
  file: string,
  root: string | undefined,
  show: number,
  spool: BadRowSpool | undefined,
): Promise<Checked> {
  const spec = { source: 'jsonl', path: file, ...(root === undefined ? {} : { root }) };
  const counter = new Counter(spec);
  const listed: Rejected[] = [];
  const rows = readRows(spec, { resolve: (path) => resolve(path), hasher: await MediaHasher.open() });
  spool?.beginFile();
  for await (const item of siftGold(rows, shownPath(resolve(file)))) {
    counter.add(item);
    if (!isRejected(item)) continue;
    if (listed.length < show) listed.push(item);
    spool?.add(errorJson(rowError(item)));
  }
  const counts = counter.counts();
  refuseEmpty(file, counts);
  return { counts, listed };
}

function table(checked: readonly Checked[]): string {
  const rows = checked.map(({ counts }) => [
    counts.path,
    counts.prompts,
    tallyText(counts.byType),
    tallyText(counts.byModality),
    counts.media,
    counts.rejected,
  ]);
  const right = { align: 'right' } as const;
  return formatTable(
    [
      { header: 'file', shrink: true },
      { header: 'questions', ...right },
      { header: 'types', shrink: true },
      { header: 'modality' },
      { header: 'media files', ...right },
      { header: 'bad rows', ...right },
    ],
    rows,
  );
}

function tallyText(tally: Readonly<Record<string, number>>): string {
  return Object.entries(tally)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function problems(checked: readonly Checked[]): string {
  return checked
    .filter(({ counts }) => counts.rejected > 0)
    .map(({ counts, listed }) => {
      const more = counts.rejected - listed.length;
      const text = listed.map((row) => errorsText([rowError(row)])).join('');
      return `\n${text}${more > 0 ? `… and ${more} more bad rows in ${counts.path}; --show ${counts.rejected} lists them\n` : ''}`;
    })
    .join('');
}
