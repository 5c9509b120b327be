import { type Axis, scaleOf } from '../statistics/index.js';
import { Markup, markup } from './markup.js';
import { FIGURE_CSS, themeCss } from './theme.js';

/** Size of every figure in its own units; the page scales it. */
export const WIDTH = 480;
export const HEIGHT = 300;
const MARGIN = { top: 34, right: 20, bottom: 46, left: 54 };

export interface LegendItem {
  readonly label: string;
  /** CSS classes of the sample. */
  readonly kind: string;
  readonly shape: 'line' | 'box';
}

/** What a figure says: title and description are read aloud to those who cannot see it. */
export interface Figure {
  readonly title: string;
  readonly description: string;
  readonly svg: Markup;
}

/** A chart area with its axes: `x` and `y` map values to places. */
export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function frameOf(xAxis: Axis, yAxis: Axis): Frame {
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  return { x: scaleOf(xAxis, left, right), y: scaleOf(yAxis, bottom, top), left, right, top, bottom };
}

/** Axes with their ticks and labels, horizontal grid lines. */
export function axes(frame: Frame, xAxis: Axis, yAxis: Axis): Markup {
  const { left, right, top, bottom } = frame;
  const columns = xAxis.ticks.map(
    (tick) =>
      markup`<text x="${at(frame.x(tick))}" y="${bottom + 18}" text-anchor="middle">${xAxis.format(tick)}</text>`,
  );
  const rows = yAxis.ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${left}" x2="${right}" y1="${at(frame.y(tick))}" y2="${at(frame.y(tick))}"/><text x="${left - 8}" y="${at(frame.y(tick) + 4)}" text-anchor="end">${yAxis.format(tick)}</text>`,
  );
  return markup`${rows}${columns}<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/><text x="${(left + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${xAxis.label}</text><text x="${left - 46}" y="${top - 14}">${yAxis.label}</text>`;
}

/** Samples of the series, at the right above the chart. */
export function legend(items: readonly LegendItem[]): Markup {
  // Text cannot be measured here: 6.9 units a character is more than the system fonts take at this size.
  const widths = items.map(({ label }) => 42 + label.length * 6.9);
  let x = WIDTH - MARGIN.right - widths.reduce((sum, width) => sum + width, 0) + 14;
  const parts = items.map(({ label, kind, shape }, index) => {
    const sample =
      shape === 'line'
        ? markup`<line class="line ${kind}" x1="${at(x)}" x2="${at(x + 20)}" y1="16" y2="16"/>`
        : markup`<rect class="${kind}" x="${at(x + 8)}" y="10" width="12" height="12" rx="2"/>`;
    const text = markup`<text x="${at(x + 26)}" y="20">${label}</text>`;
    x += widths[index] ?? 0;
    return markup`${sample}${text}`;
  });
  return markup`${parts}`;
}

export function path(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${at(x)} ${at(y)}`).join('');
}

/** Coordinates with one decimal: enough for the eye, and small files. */
export function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** The figure as an element of a page that has the figure styles. `id` is unique in the page. */
export function inline({ title, description, svg }: Figure, id: string): Markup {
  return markup`<svg class="fig" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d" xmlns="http://www.w3.org/2000/svg"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>${svg}</svg>`;
}

/** The figure as a file of its own, with its colours and a ground to stand on. */
export function standalone(figure: Figure): string {
  const css = new Markup(`${themeCss('.fig')}${FIGURE_CSS}.fig{width:auto}`);
  const ground = markup`<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--paper)"/>`;
  const body = markup`<svg class="fig" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t d" xmlns="http://www.w3.org/2000/svg"><title id="t">${figure.title}</title><desc id="d">${figure.description}</desc><style>${css}</style>${ground}${figure.svg}</svg>`;
  return `${body.text}\n`;
}
