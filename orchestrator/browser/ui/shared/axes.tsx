import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Axis, scaleOf } from '../../../statistics/axis.js';
import './axes.css';

export { axisOf, scaleOf } from '../../../statistics/axis.js';

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
