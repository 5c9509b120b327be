import type { CompareAnswer, Estimate, PairedDifference } from '../../browser/api/index.js';
import { thresholdText } from '../../report/numbers.js';
import { type Cell, type Column, displayWidth, formatTable } from '../output.js';
import type { Comparison, FlipList } from './compare.js';
import { axisOver, type Bar, forestBar, forestHead } from './forest.js';
import { tableWidth } from './open.js';

/** A plot narrower than this says nothing. */
const NARROWEST_PLOT = 16;
const WIDEST_PLOT = 48;

const left = (header: string, shrink = false): Column => ({ header, shrink });
const right = (header: string): Column => ({ header, align: 'right' });

/** A comparison for people. `gated`: the runs whose answers pass a gate. */
export function comparisonText(comparison: Comparison, gated: ReadonlySet<string>): string {
  const first = comparison.runs[0]?.name ?? '';
  return [
    heading(comparison, first, gated),
    accuracies(comparison),
    ...(pairsOf(comparison).length === 0
      ? ['no question was answered by both: nothing can be paired\n']
      : [differences(comparison), costs(comparison), questions(comparison, first)]),
    ...comparison.flips.map((list) => flipTable(list, first)),
  ].join('\n');
}

function heading({ policy, runs }: CompareAnswer, first: string, gated: ReadonlySet<string>): string {
  const gates = runs
    .map(({ name, threshold }) => (gated.has(name) ? `${name} τ ${thresholdText(threshold)}` : `${name} no gate`))
    .join(', ');
  return `policy ${policy}${policy === 'auto' ? `: ${gates}` : ''}
differences are from ${first}, paired by question; 95% intervals over videos
`;
}

function accuracies({ benchmarks, runs }: CompareAnswer): string {
  const rows = benchmarks.flatMap(({ benchmark, values }) =>
    values.map((value, place) => {
      const names: Cell[] = [benchmark, runs[place]?.name];
      if (value === null) return { cells: [...names, null, null, null], bar: null };
      const { accuracy, tokens } = value;
      return {
        cells: [...names, intervalText(accuracy, share), tokens.toFixed(1), accuracy.n],
        bar: barOf(accuracy),
      };
    }),
  );
  const columns = [left('benchmark', true), left('run', true), right('accuracy % [95%]'), right('tokens'), right('n')];
  return plotted(columns, rows, share);
}

interface Paired {
  /** Benchmark, and the later run where there are several. */
  readonly names: readonly string[];
  readonly difference: PairedDifference;
}

function pairsOf({ benchmarks, runs }: CompareAnswer): Paired[] {
  return benchmarks.flatMap(({ benchmark, differences: all }) =>
    all.flatMap((difference, place) =>
      difference === null
        ? []
        : [{ names: [benchmark, ...(runs.length > 2 ? [runs[place + 1]?.name ?? ''] : [])], difference }],
    ),
  );
}

function nameColumns({ runs }: CompareAnswer): Column[] {
  return [left('benchmark', true), ...(runs.length > 2 ? [left('run', true)] : [])];
}

function differences(answer: CompareAnswer): string {
  const rows = pairsOf(answer).map(({ names, difference: { accuracy } }) => ({
    cells: [...names, intervalText(accuracy, signedShare), wordOf(accuracy)],
    bar: barOf(accuracy),
  }));
  const columns = [...nameColumns(answer), right('points [95%]'), left('accuracy')];
  return plotted(columns, rows, signedShare, 0);
}

function costs(answer: CompareAnswer): string {
  const rows = pairsOf(answer).map(({ names, difference: { tokens } }) => ({
    cells: [...names, intervalText(tokens, signed), wordOf(tokens)],
    bar: barOf(tokens),
  }));
  const columns = [...nameColumns(answer), right('tokens [95%]'), left('tokens of an answer')];
  return plotted(columns, rows, signed, 0);
}

function questions(answer: CompareAnswer, first: string): string {
  const pairs = pairsOf(answer);
  const unpaired = pairs.some(({ difference }) => difference.unpaired > 0);
  const rows = pairs.map(({ names, difference }) => [
    ...[...names, difference.n, ...(unpaired ? [difference.unpaired] : []), difference.fixed, difference.broken],
    ...[difference.sameRight, difference.sameWrong, probability(difference.pValue)],
  ]);
  const heads = ['paired', ...(unpaired ? ['unpaired'] : []), 'fixed', 'broken', 'right', 'wrong', 'p'];
  const table = formatTable([...nameColumns(answer), ...heads.map(right)], rows, tableWidth());
  return `${table}fixed: wrong in ${first}, right here; broken: the reverse; p: McNemar's exact test\n`;
}

function flipTable({ run, fixed, broken }: FlipList, first: string): string {
  const rows = [...broken.rows, ...fixed.rows].map(({ kind, promptId, benchmark, question, before, after }) => [
    ...[kind, benchmark, promptId, question, before.answer, after.answer],
  ]);
  const title = `${first} → ${run}: ${broken.total} broken, ${fixed.total} fixed`;
  if (rows.length === 0) return `${title}\n`;
  const columns = [
    ...[left('change'), left('benchmark', true), left('prompt', true)],
    ...[left('question', true), left('before', true), left('after', true)],
  ];
  return `${title}\n${formatTable(columns, rows, tableWidth())}`;
}

interface Plotted {
  readonly cells: readonly Cell[];
  readonly bar: Bar | null;
}

/** The table, and where the terminal has room, its intervals drawn beside it. */
function plotted(columns: readonly Column[], rows: readonly Plotted[], format: Format, mark?: number): string {
  const cells = rows.map((row) => row.cells);
  const plain = formatTable(columns, cells, tableWidth());
  const bars = rows.flatMap(({ bar }) => bar ?? []);
  const widest = Math.max(...plain.split('\n').map(displayWidth));
  const width = Math.min(WIDEST_PLOT, tableWidth() - widest - 3);
  if (bars.length === 0 || width < NARROWEST_PLOT) return plain;
  const axis = axisOver(bars, mark === undefined ? [] : [mark]);
  if (axis.from === axis.to) return plain;
  const drawn = [forestHead(axis, width, format), ...rows.map(({ bar }) => bar && forestBar(bar, axis, width, mark))];
  const lines = plain.trimEnd().split('\n');
  return `${lines.map((line, place) => `${line}${' '.repeat(widest + 3 - displayWidth(line))}${drawn[place] ?? ''}`.trimEnd()).join('\n')}\n`;
}

type Format = (value: number) => string;

const share: Format = (value) => (100 * value).toFixed(1);
const signed: Format = (value) => (Number(value.toFixed(1)) > 0 ? '+' : '') + withoutMinusZero(value.toFixed(1));
const signedShare: Format = (value) => signed(100 * value);

function withoutMinusZero(text: string): string {
  return Number(text) === 0 ? text.replace('-', '') : text;
}

function intervalText({ value, low, high }: Estimate, format: Format): string | null {
  if (value === null) return null;
  return low === null || high === null ? format(value) : `${format(value)} [${format(low)}, ${format(high)}]`;
}

/** A difference is told only where its interval leaves 0 out. */
function wordOf({ low, high }: Estimate): string {
  if (low !== null && low > 0) return 'higher';
  if (high !== null && high < 0) return 'lower';
  return 'no difference shown';
}

function barOf({ value, low, high }: Estimate): Bar | null {
  return value === null || low === null || high === null ? null : { value, low, high };
}

function probability(value: number): string {
  return value < 0.001 ? '<0.001' : value.toFixed(3);
}
