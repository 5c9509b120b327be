/** One JSON document on standard output, the only thing that a `--json` command prints there. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One row of JSON Lines, where rows stream. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function printText(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export interface Column {
  readonly header: string;
  /** Numbers stand right. */
  readonly align?: 'left' | 'right';
  /** Gives way first when the table is wider than the terminal. */
  readonly shrink?: boolean;
}

export type Cell = string | number | null | undefined;

const GAP = 2;
const NARROWEST = 8;

/**
 * A table that fits `width` characters (default: the terminal, unbounded when output is not one). Columns marked
 * `shrink` are cut with an ellipsis; empty cells show "-".
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width = terminalWidth(),
): string {
  const texts = rows.map((row) => columns.map((_, index) => cellText(row[index])));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.header), ...texts.map((row) => displayWidth(row[index] ?? ''))),
  );
  shrinkToFit(widths, columns, width);
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => pad(clip(cells[index] ?? '', widths[index] ?? 0), widths[index] ?? 0, column.align))
      .join(' '.repeat(GAP))
      .trimEnd();
  return `${[line(columns.map((column) => column.header)), ...texts.map(line)].join('\n')}\n`;
}

/** The same as a table of Markdown. */
export function formatMarkdown(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[
    line(columns.map(({ header }) => header)),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map((_, index) => cellText(row[index])))),
  ].join('\n')}\n`;
}

export function printTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
  process.stdout.write(formatTable(columns, rows));
}

/** Seconds for people: "0.4 s", "38 s", "3 min 12 s", "2 h 05 min". */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Bytes for people: "512 B", "4.4 MB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** Columns of the text on a terminal: wide East Asian characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) width += isWide(segment) ? 2 : 1;
  return width;
}

/** The text cut to `width` columns, with an ellipsis where something is missing. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += isWide(segment) ? 2 : 1;
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

function isWide(character: string): boolean {
  return /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303e\uff01-\uff60])/u.test(
    character,
  );
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  // A line break or a control character from a model's text would break the table, or the terminal.
  return String(cell).replace(/\p{Cc}+/gu, ' ');
}

function shrinkToFit(widths: number[], columns: readonly Column[], width: number): void {
  const excess = () => widths.reduce((sum, column) => sum + column, 0) + GAP * (widths.length - 1) - width;
  while (excess() > 0) {
    const candidates = columns.flatMap((column, index) =>
      column.shrink && (widths[index] ?? 0) > NARROWEST ? [index] : [],
    );
    const widest = candidates.sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) return;
    widths[widest] = Math.max(NARROWEST, (widths[widest] ?? 0) - 1);
  }
}

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? space + text : text + space;
}

function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}
