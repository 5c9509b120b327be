import type uPlot from 'uplot';
import type { ChartProps } from './chart.js';
import { colourOf } from './chart-theme.js';

/** Narrowest room of the texts beside the y axis, and what a character of them takes, in CSS pixels. */
const AXIS_WIDTH = 44;
const CHARACTER = 6.6;
const AXIS_HEIGHT = 26;

/** Distances between ticks of x, which counts something. */
const WHOLE = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((size) => [size, 2 * size, 5 * size]);

/** What uPlot is asked for; the data's own texts are read when they are drawn, so that newer props hold. */
export function chartOptions(
  props: () => ChartProps,
  size: { readonly width: number; readonly height: number },
  onCursor: (at: number | null) => void,
): uPlot.Options {
  const { series, range, sync } = props();
  return {
    ...size,
    padding: [6, 8, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 6 },
      ...(sync === undefined ? {} : { sync: { key: sync, scales: ['x', null] } }),
    },
    scales: {
      x: { time: false },
      y: range ? { range: [range[0], range[1]] } : { range: (_, low, high) => padded(low, high) },
    },
    axes: [
      axis({ size: AXIS_HEIGHT, incrs: WHOLE }),
      axis({ size: widthOf, values: (_, ticks) => textsOf(ticks, props().format) }),
    ],
    series: [{}, ...series.map(line)],
    hooks: { setCursor: [({ cursor: { idx, left } }) => onCursor((left ?? -1) < 0 ? null : (idx ?? null))] },
  };
}

function line({ label, colour, dash }: ChartProps['series'][number]): uPlot.Series {
  return {
    label,
    stroke: colourOf(colour),
    width: 1.5,
    spanGaps: true,
    ...(dash ? { dash: [...dash] } : {}),
    points: { show: isAlone },
  };
}

/** A single value has no line: it is a point. */
function isAlone({ data }: uPlot, index: number): boolean {
  return Array.from(data[index] ?? []).filter((value) => value !== null && value !== undefined).length === 1;
}

function axis(options: uPlot.Axis): uPlot.Axis {
  const grid = { stroke: colourOf('--line'), width: 1 };
  return {
    stroke: colourOf('--soft'),
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid,
    ticks: { ...grid, size: 4 },
    gap: 4,
    ...options,
  };
}

function widthOf(_: uPlot, texts: readonly string[] | null): number {
  return Math.max(AXIS_WIDTH, ...(texts ?? []).map((text) => 12 + CHARACTER * text.length));
}

/** Ticks that lie closer than their texts tell apart have more digits. */
function textsOf(ticks: readonly number[], format: (value: number) => string): string[] {
  const texts = ticks.map(format);
  if (new Set(texts).size === texts.length) return texts;
  return ticks.map((tick) => String(Number(tick.toPrecision(6))));
}

/** A little room above and below; a line that is flat but for rounding has some too. */
function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const flat = high - low <= 1e-9 * Math.abs(high);
  const room = flat ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.06;
  return [low - (low === 0 ? 0 : room), high + room];
}
