import type { PooledChange } from '../../evaluation/gain.js';
import { type Column, formatMarkdown, formatTable, type Cell as Text } from '../output.js';
import type { PooledRow } from './pool.js';
import type { MatrixRow } from './rows.js';

export type Format = 'table' | 'markdown';

interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Text[])[];
}

/** One line a run. */
export function runsTable(rows: readonly MatrixRow[], format: Format): string {
  const heads = ['never %', 'always %', 'auto %', 'gain', 'tokens', 'auto', 'τ', 'held out %'];
  const names = namesOf(rows);
  return write(format, {
    columns: [...names.columns, ...heads.map(right), { header: 'run' }],
    rows: rows.map((row) => [
      ...names.cells(row),
      percent(row.accuracy.never),
      percent(row.accuracy.always),
      percent(row.accuracy.auto),
      percent(row.gain),
      row.tokens.always?.toFixed(1),
      row.tokens.auto?.toFixed(1),
      row.threshold?.toFixed(4),
      percent(row.heldOutAccuracy),
      row.run,
    ]),
  });
}

/** One line a group of runs: before → after training, and the gain of the second answer with its 95% interval. */
export function pooledTable(rows: readonly PooledRow[], over: string, format: Format): string {
  const heads = [
    'a1 %',
    'a2 %',
    'a2 gain',
    '95% interval',
    `gain by ${lastPart(over)}`,
    'fallback %',
    'tokens',
    'runs',
  ];
  const names = namesOf(rows);
  return write(format, {
    columns: [...names.columns, ...heads.map(right)],
    rows: rows.map((row) => [
      ...names.cells(row),
      moved(row.first, 100),
      moved(row.second, 100),
      row.second && signed(row.second.gain),
      row.second && `[${signed(row.second.low)}, ${signed(row.second.high)}]`,
      row.second?.byRun.map(signed).join(' '),
      moved(row.fallback, 100),
      moved(row.tokens, 1),
      row.missing.length === 0 ? row.runs.length : `${row.runs.length} of ${row.runs.length + row.missing.length}`,
    ]),
  });
}

/** The columns that say which recipe a line is of. */
function namesOf(rows: readonly Pick<MatrixRow, 'variant' | 'values'>[]) {
  const varied = Object.keys(rows[0]?.values ?? {});
  const withVariants = rows.some(({ variant }) => variant !== null);
  return {
    columns: [...(withVariants ? [{ header: 'variant' }] : []), ...varied.map(lastPart).map(right)] as Column[],
    cells: ({ variant, values }: Pick<MatrixRow, 'variant' | 'values'>): Text[] => [
      ...(withVariants ? [variant] : []),
      ...varied.map((path) => JSON.stringify(values[path])),
    ],
  };
}

function write(format: Format, { columns, rows }: Table): string {
  return format === 'markdown' ? formatMarkdown(columns, rows) : formatTable(columns, rows);
}

function right(header: string): Column {
  return { header, align: 'right' };
}

function lastPart(path: string): string {
  return path.split('.').at(-1) ?? path;
}

function percent(value: number | null): string | null {
  return value === null ? null : (100 * value).toFixed(1);
}

function moved(change: PooledChange | null, scale: number): string | null {
  return change && `${(scale * change.before).toFixed(1)} → ${(scale * change.after).toFixed(1)}`;
}

/** In points of a hundred. */
function signed(share: number): string {
  const points = (100 * share).toFixed(1);
  if (Number(points) === 0) return '0.0';
  return share < 0 ? points.replace('-', '−') : `+${points}`;
}
