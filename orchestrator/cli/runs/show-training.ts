import { endsOf, meanOf } from '../../statistics/index.js';
import type { StepRow } from '../../store/index.js';
import { stepNumbers } from '../../training/step-numbers.js';
import { type Cell, formatSeconds, formatTable } from '../output.js';
import { tableWidth } from './open.js';
import type { RunView } from './show.js';

const BLOCKS = '▁▂▃▄▅▆▇█';
const CURVE_WIDTH = 40;
/** What is followed over a training, in this order; the rest is in `vauto runs steps`. */
const FOLLOWED = [
  ...['reward_mean', 'first_correct', 'second_correct', 'format_rate', 'fallback_rate', 'both_fallback', 'empty_think'],
  ...['direct_correct', 'think_correct', 'think_tokens', 'truncated', 'zero_variance', 'kl', 'entropy', 'logp_gap_max'],
];
const PARTS = ['generate', 'reward', 'score', 'forward', 'backward', 'other'];

/** How the numbers of the steps went, and where the time did. */
export function formatTraining({ training: { steps }, ledger }: RunView): string {
  const rows = FOLLOWED.flatMap((name): Cell[][] => {
    const values = valuesOf(steps, name);
    if (values.length === 0) return [];
    const { first, last } = endsOf(values);
    return [[name, stepText(name, first), stepText(name, last), sparkline(values, CURVE_WIDTH)]];
  });
  if (rows.length === 0) return '';
  const columns = [
    { header: `training, ${steps.length} steps`, shrink: true },
    { header: 'first fifth', align: 'right' as const },
    { header: 'last fifth', align: 'right' as const },
    { header: 'each step' },
  ];
  return formatTable(columns, rows, tableWidth()) + timeOf(steps) + storedOf(steps, ledger);
}

/** Where `train.storedRollouts` left some out. */
function storedOf(steps: readonly StepRow[], { stages }: RunView['ledger']): string {
  const sum = (name: string) => valuesOf(steps, name).reduce((total, value) => total + value, 0);
  const leftOut = sum('made_rollouts') - sum('stored_rollouts');
  const stored = stages.find(({ stage }) => stage === 'train')?.rollouts ?? 0;
  return leftOut > 0 ? `${stored} of ${stored + leftOut} rollouts stored\n` : '';
}

/** A number of a step as people read it. */
export function stepText(name: string, value: number): string {
  const kind = stepNumbers.find((known) => known.name === name)?.kind ?? 'number';
  if (kind === 'share') return `${(100 * value).toFixed(1)}%`;
  if (kind === 'tokens') return value.toFixed(1);
  if (kind === 'seconds') return value.toFixed(2);
  const size = Math.abs(value);
  if (size === 0) return '0';
  return size < 1e-3 ? value.toExponential(1) : value.toFixed(size < 10 ? 3 : 1);
}

function timeOf(steps: readonly StepRow[]): string {
  const whole = meanOf(valuesOf(steps, 'seconds'));
  if (!(whole > 0)) return '';
  const parts = PARTS.flatMap((part) => {
    const values = valuesOf(steps, `${part}_seconds`);
    return values.length === 0 ? [] : [`${part} ${Math.round((100 * meanOf(values)) / whole)}%`];
  });
  const rate = valuesOf(steps, 'tokens_per_second');
  const tokens = rate.length === 0 ? '' : `; ${Math.round(meanOf(rate))} generated tokens a second`;
  return `a step takes ${formatSeconds(whole)}: ${parts.join(', ')}${tokens}\n`;
}

function valuesOf(steps: readonly StepRow[], name: string): number[] {
  return steps.flatMap(({ metrics }) => metrics[name] ?? []);
}

/** The curve in one line; several steps share a character when there are more of them than `width`. */
export function sparkline(values: readonly number[], width: number): string {
  const size = Math.max(1, Math.ceil(values.length / width));
  const means = Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    meanOf(values.slice(index * size, (index + 1) * size)),
  );
  const low = Math.min(...means);
  const span = Math.max(...means) - low;
  return means
    .map((value) => BLOCKS[span === 0 ? 3 : Math.round(((value - low) / span) * (BLOCKS.length - 1))])
    .join('');
}
