import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './chart.css';
import { chartOptions } from './chart-options.js';
import { useTheme } from './chart-theme.js';
import { NONE } from './format.js';

export interface ChartSeries {
  readonly label: string;
  /** What it means, shown when it is pointed at. */
  readonly meaning?: string;
  /** Name of a colour of the theme: `--blue`. */
  readonly colour: string;
  readonly dash?: readonly number[];
  /** One for each x; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly title: string;
  readonly x: readonly number[];
  /** What an x is: "step". */
  readonly xName: string;
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** Ends of the y axis; otherwise those of the data. */
  readonly range?: readonly [number, number];
  /** Charts of the same key share cursor and zoom. */
  readonly sync?: string;
  /** Of the plot, in CSS pixels. */
  readonly height?: number;
}

/** Lines over a common x: a thin wrapper of uPlot. Drag to zoom, double click to see all again. */
export function Chart(props: ChartProps) {
  const { title, x, series, format, height = 150 } = props;
  const [at, setAt] = useState<number | null>(null);
  const place = usePlot(props, height, setAt);
  const shown = at ?? x.length - 1;
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <span class="soft small">{at === null ? '' : `${props.xName} ${x[shown] ?? NONE}`}</span>
        <ul class="legend" aria-hidden="true">
          {series.map(({ label, meaning, colour, dash, values }) => (
            <li key={label} title={meaning}>
              <svg width="16" height="8" aria-hidden="true">
                <line
                  x1="0"
                  x2="16"
                  y1="4"
                  y2="4"
                  stroke={`var(${colour})`}
                  stroke-width="2"
                  stroke-dasharray={dash?.join(' ')}
                />
              </svg>
              {label} <b>{textOf(at === null ? newest(values) : values[shown], format)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}. ${summaryOf(props)}`} />
    </figure>
  );
}

function usePlot(props: ChartProps, height: number, onCursor: (at: number | null) => void) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const newestProps = useRef(props);
  newestProps.current = props;
  const shape = props.series.map(({ label, colour }) => label + colour).join();
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const current = () => newestProps.current;
    const options = chartOptions(current, { width: element.clientWidth, height }, onCursor);
    const made = new uPlot(options, dataOf(current()), element);
    plot.current = made;
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, shape, height]);
  useEffect(() => {
    if (plot.current) update(plot.current, dataOf(props));
  });
  return place;
}

/** New data shows in full, unless the reader has zoomed in. */
function update(plot: uPlot, data: uPlot.AlignedData): void {
  if (sameData(plot.data, data)) return;
  const { min, max } = plot.scales.x ?? {};
  const x = plot.data[0];
  // A single x has room on both sides.
  const zoomed = x.length > 1 && (min !== x[0] || max !== x[x.length - 1]);
  plot.setData(data, !zoomed);
  if (zoomed) plot.redraw();
}

function sameData(one: uPlot.AlignedData, other: uPlot.AlignedData): boolean {
  return one.every((values, index) => {
    const others = other[index];
    return (
      others !== undefined && values.length === others.length && Array.from(values).every((v, i) => v === others[i])
    );
  });
}

function dataOf({ x, series }: ChartProps): uPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])];
}

function newest(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function textOf(value: number | null | undefined, format: ChartProps['format']): string {
  return value === null || value === undefined ? NONE : format(value);
}

/** The chart in words: for each line its first, last, least and greatest value. */
function summaryOf({ x, xName, series, format }: ChartProps): string {
  const lines = series.flatMap(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const [first, last] = [known[0], known[known.length - 1]];
    if (first === undefined || last === undefined) return [];
    const least = known.reduce((low, value) => Math.min(low, value), first);
    const most = known.reduce((high, value) => Math.max(high, value), first);
    return [`${label}: ${format(first)} at first, ${format(last)} at last, from ${format(least)} to ${format(most)}.`];
  });
  return [`From ${xName} ${x[0] ?? NONE} to ${x[x.length - 1] ?? NONE}.`, ...lines].join(' ');
}
