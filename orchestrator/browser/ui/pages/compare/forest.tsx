import { axisOf, px, scaleOf, useWidth } from '../../shared/axes.js';
import { signed } from '../../shared/format.js';
import type { DifferenceRow } from './differences.js';
import { accuracyWord, intervalText, signOf } from './words.js';

interface ForestProps {
  readonly rows: readonly DifferenceRow[];
  /** Values that the scale covers, in points. */
  readonly reach: readonly number[];
  readonly title: string;
}

/** The scale covers at least these, in points, so that the zero line never lies at an edge. */
const ROOM = [-1, 1];
/** Pixels. */
const ROW = 30;
const TOP = 8;
const FOOT = 38;

/** Differences with their intervals, one line a benchmark; right of the zero line is better. */
export function Forest({ rows, reach, title }: ForestProps) {
  const [ref, width] = useWidth<HTMLElement>(400);
  const axis = axisOf('points of accuracy', [...ROOM, ...reach], (value) => signed(value, value % 1 === 0 ? 0 : 1));
  const names = Math.min(120, width * 0.34);
  const x = scaleOf(axis, names + 12, width - 14);
  const bottom = TOP + ROW * rows.length;
  return (
    <figure ref={ref} class="forest">
      <svg class="fig" width={width} height={bottom + FOOT} role="img" aria-label={describe(title, rows)}>
        {axis.ticks.map((tick) => (
          <g key={tick}>
            <line class={tick === 0 ? 'zero' : 'grid'} x1={px(x(tick))} x2={px(x(tick))} y1={TOP} y2={bottom} />
            <text x={px(x(tick))} y={bottom + 16} text-anchor="middle">
              {axis.format(tick)}
            </text>
          </g>
        ))}
        {rows.map((row, place) => (
          <Line key={row.benchmark} row={row} x={x} y={TOP + ROW * (place + 0.5)} names={names} />
        ))}
        <text x={(names + width) / 2} y={bottom + 33} text-anchor="middle">
          points of accuracy
        </text>
      </svg>
    </figure>
  );
}

interface LineProps {
  readonly row: DifferenceRow;
  readonly x: (points: number) => number;
  readonly y: number;
  readonly names: number;
}

function Line({ row: { benchmark, difference }, x, y, names }: LineProps) {
  const { value = null, low = null, high = null } = difference?.accuracy ?? {};
  const overall = benchmark === 'overall';
  const kind = difference ? signOf(difference.accuracy) : 'unknown';
  return (
    <g class={`forest-row ${kind}`}>
      <text class={overall ? 'strong' : ''} x={names} y={y + 4} text-anchor="end">
        {benchmark}
      </text>
      {low !== null && high !== null && (
        <line class="whisker" x1={px(x(100 * low))} x2={px(x(100 * high))} y1={y} y2={y} />
      )}
      {value !== null &&
        (overall ? (
          <path class="dot" d={`M${px(x(100 * value))} ${y - 7}l7 7l-7 7l-7 -7Z`} />
        ) : (
          <circle class="dot" cx={px(x(100 * value))} cy={y} r={4.5} />
        ))}
    </g>
  );
}

function describe(title: string, rows: readonly DifferenceRow[]): string {
  const said = rows.flatMap(({ benchmark, difference }) =>
    difference
      ? [`${benchmark} ${intervalText(difference.accuracy, 100)} points, ${accuracyWord(difference.accuracy)}`]
      : [],
  );
  return `${title}: ${said.join('; ')}.`;
}
