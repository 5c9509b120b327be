import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import './axes.css';

/** One direction of a figure: its values, the round numbers along it and how they are written. */
export interface Axis {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/** CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Margin {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** A chart area: `x` and `y` map values to pixels. */
export interface Frame extends Size {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const MARGIN: Margin = { top: 26, right: 18, bottom: 40, left: 46 };

export function frameOf(xAxis: Axis, yAxis: Axis, size: Size, margin: Margin = MARGIN): Frame {
  const [left, right] = [margin.left, Math.max(margin.left + 1, size.width - margin.right)];
  const [top, bottom] = [margin.top, size.height - margin.bottom];
  return { ...size, x: scaleOf(xAxis, left, right), y: scaleOf(yAxis, bottom, top), left, right, top, bottom };
}

export function scaleOf(axis: Pick<Axis, 'min' | 'max'>, from: number, to: number): (value: number) => number {
  const reach = axis.max - axis.min || 1;
  return (value) => from + ((value - axis.min) / reach) * (to - from);
}

export interface AxisOptions {
  readonly min?: number;
  readonly max?: number;
  /** Gaps between round numbers to aim at. */
  readonly steps?: number;
}

/** Round numbers that cover the values. */
export function axisOf(
  label: string,
  values: readonly number[],
  format: (value: number) => string,
  { steps = 4, ...limits }: AxisOptions = {},
): Axis {
  const [low, high] = reachOf(values, limits);
  const step = niceStep((high - low) / steps);
  const min = limits.min ?? Math.floor(low / step + 1e-9) * step;
  const max = limits.max ?? Math.ceil(high / step - 1e-9) * step;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, place) =>
    Number(((first + place) * step).toPrecision(12)),
  );
  return { label, min, max, ticks, format };
}

/** Ends of the values; values that differ by rounding alone get some room around them. */
function reachOf(values: readonly number[], limits: AxisOptions): [number, number] {
  const known = values.filter(Number.isFinite);
  const low = limits.min ?? known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = limits.max ?? known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), 1e-3)) return [low, high];
  const room = Math.abs(low) < 1e-3 ? 0.5 : Math.abs(low) / 2;
  return [low - room, high + room];
}

/** 1, 2 or 5 times a power of ten, not below `raw`. */
function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Ticks with their numbers, horizontal grid lines and the names of the axes. */
export function Axes({ frame, x, y }: { readonly frame: Frame; readonly x: Axis; readonly y: Axis }) {
  const { left, right, top, bottom } = frame;
  return (
    <g>
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={left} x2={right} y1={px(frame.y(tick))} y2={px(frame.y(tick))} />
          <text x={left - 7} y={px(frame.y(tick) + 4)} text-anchor="end">
            {y.format(tick)}
          </text>
        </g>
      ))}
      {x.ticks.map((tick) => (
        <text key={tick} x={px(frame.x(tick))} y={bottom + 17} text-anchor="middle">
          {x.format(tick)}
        </text>
      ))}
      <line class="axis" x1={left} x2={right} y1={bottom} y2={bottom} />
      {x.label !== '' && (
        <text x={(left + right) / 2} y={frame.height - 4} text-anchor="middle">
          {x.label}
        </text>
      )}
      {y.label !== '' && (
        <text x={0} y={top - 13}>
          {y.label}
        </text>
      )}
    </g>
  );
}

/** An SVG path through pixel places. */
export function linePath(places: readonly (readonly [number, number])[]): string {
  return places.map(([x, y], place) => `${place === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
}

/** One decimal is enough for the eye. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Width of an element in pixels, so that text in figures keeps its size; `fallback` until it stands in the page. */
export function useWidth<Kind extends Element>(fallback = 480): [RefObject<Kind>, number] {
  const ref = useRef<Kind>(null);
  const [width, setWidth] = useState(fallback);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(Math.round(element.getBoundingClientRect().width) || fallback);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [fallback]);
  return [ref, width];
}
