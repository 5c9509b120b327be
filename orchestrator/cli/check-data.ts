import { resolve } from 'node:path';
import { loadPrompts, type Rejected, rowError, type SourceCounts } from '../data/index.js';
import { UserError } from '../errors.js';
import { siftGold } from '../pipeline/check-gold.js';
import { errorJson, errorsText } from './errors-text.js';
import { formatTable, printJson, printText } from './output.js';

export interface CheckFlags {
  readonly root?: string;
  readonly show: string;
  readonly json?: boolean;
}

interface Checked {
  readonly counts: SourceCounts;
  readonly rejected: readonly Rejected[];
}

/** `vauto data check`: every row of every file, none of it fatal. Returns the exit status: 1 when a row cannot be used. */
export async function checkData(files: readonly string[], flags: CheckFlags): Promise<number> {
  const show = listLength(flags.show);
  const checked: Checked[] = [];
  for (const file of files) checked.push(await checkFile(file, flags.root));
  if (flags.json)
    printJson({
      files: checked.map(({ counts, rejected }) => ({
        ...counts,
        rows: rejected.map((row) => errorJson(rowError(row))),
      })),
    });
  else printText(`${table(checked)}${problems(checked, show)}`);
  return checked.some(({ counts }) => counts.rejected > 0) ? 1 : 0;
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

async function checkFile(file: string, root: string | undefined): Promise<Checked> {
  // One spec at a time, `skip`: bad rows are what is asked for here.
  const spec = {
    source: 'jsonl',
    path: file,
    onError: 'skip',
    minimum: 0,
    ...(root === undefined ? {} : { root }),
  } as const;
  const { counts, rejected } = await loadPrompts([spec], { resolve: (path) => resolve(path), sift: siftGold });
  const [only] = counts;
  if (only === undefined) throw new Error(`no counts of ${file}`);
  if (only.prompts === 0 && only.rejected === 0) {
    throw new UserError({
      code: 'empty-dataset',
      kind: 'data',
      message: `${file} holds no rows`,
      place: { file },
      fix: 'write one question a line',
    });
  }
  return { counts: only, rejected };
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

function problems(checked: readonly Checked[], show: number): string {
  return checked
    .filter(({ rejected }) => rejected.length > 0)
    .map(({ counts, rejected }) => {
      const listed = rejected.slice(0, show);
      const more = rejected.length - listed.length;
      const text = listed.map((row) => errorsText([rowError(row)])).join('');
      return `\n${text}${more > 0 ? `… and ${more} more bad rows in ${counts.path}; --show ${rejected.length} lists them\n` : ''}`;
    })
    .join('');
}
