import { type Axis, axisOf } from '../statistics/index.js';
import { at, axes, type Figure, frameOf, HEIGHT, legend, path } from './chart.js';
import type { Calibration, Frontier, ReportData } from './data.js';
import { type Markup, markup } from './markup.js';
import { percent, thresholdText } from './numbers.js';

/** More points than this cannot be told apart at the size of a figure. */
const MAX_POINTS = 400;
const whole = (value: number) => String(Math.round(value));

/** Mean reward of each step, and the trend through it. */
export function rewardFigure({ points, rewardFirst, rewardLast }: NonNullable<ReportData['training']>): Figure {
  const x = axisOf(
    'optimiser step',
    points.map((point) => point.step),
    whole,
    { max: points.at(-1)?.step ?? 1 },
  );
  const y = axisOf(
    'mean reward',
    points.map((point) => point.reward),
    (value) => value.toFixed(2),
  );
  const frame = frameOf(x, y);
  const line = (values: readonly { step: number; reward: number }[]) =>
    path(thin(values).map(({ step, reward }) => [frame.x(step), frame.y(reward)] as const));
  const svg = markup`${axes(frame, x, y)}<path class="line thin blue" d="${line(points)}"/><path class="line blue" d="${line(smooth(points))}"/>${legend(
    [
      { label: 'each step', kind: 'thin blue', shape: 'line' },
      { label: 'trend', kind: 'blue', shape: 'line' },
    ],
  )}`;
  const description = `Mean reward of ${points.length} steps: ${rewardFirst.toFixed(2)} over the first fifth, ${rewardLast.toFixed(2)} over the last fifth.`;
  return { title: 'Reward during training', description, svg };
}

const THIRDS = ['never right', 'mixed', 'always right'];

/** Prompts by number of right rollouts; the ends are dropped by the filter. */
export function filterFigure(filter: NonNullable<ReportData['filter']>): Figure {
  const { exact, histogram, rollouts, keep, drop, unknown } = filter;
  const x: Axis = {
    label: exact ? `right rollouts of ${rollouts}` : 'rollouts of a question',
    min: -0.6,
    max: rollouts + 0.6,
    ticks: histogramTicks(rollouts),
    format: exact ? whole : (place) => THIRDS[place] ?? '',
  };
  const y = axisOf('prompts', histogram, whole, { min: 0 });
  const frame = frameOf(x, y);
  const width = Math.min(56, (frame.x(1) - frame.x(0)) * 0.78);
  const bars = histogram.map((count, right) => {
    const [place, top] = [frame.x(right), frame.y(count)];
    const kind = right === 0 || right === rollouts ? 'fill-soft faded' : 'fill-blue';
    const label =
      width >= 20
        ? markup`<text class="strong" x="${at(place)}" y="${at(top - 5)}" text-anchor="middle">${count}</text>`
        : null;
    return markup`<rect class="${kind}" x="${at(place - width / 2)}" y="${at(top)}" width="${at(width)}" height="${at(Math.max(0, frame.bottom - top))}" rx="2"/>${label}`;
  });
  const svg = markup`${axes(frame, x, y)}${bars}${legend([
    { label: 'mixed', kind: 'fill-blue', shape: 'box' },
    { label: 'always or never right', kind: 'fill-soft faded', shape: 'box' },
  ])}`;
  const kinds = exact ? `by number of right rollouts, from 0 to ${rollouts}` : THIRDS.join(', ');
  const description = `Prompts ${kinds}: ${histogram.join(', ')}. Kept ${keep}, dropped ${drop}, undecided ${unknown}.`;
  return { title: 'Pass rates before training', description, svg };
}

/** Accuracy against tokens for every threshold; the chosen one is marked. */
export function frontierFigure(frontier: Frontier): Figure {
  const { points, never, always, chosen, bands } = frontier;
  const ends = [never, always];
  const x = axisOf(
    'mean tokens per answer',
    [...points, ...ends].map((point) => point.meanTokens),
    whole,
  );
  const reaches = bands.flatMap(({ accuracy }) => [accuracy.low, accuracy.high]);
  const accuracies = [...[...points, ...ends].map((point) => point.accuracy), ...reaches];
  const y = axisOf('accuracy', withReach(accuracies), (value) => percent(value, 0));
  const frame = frameOf(x, y);
  const place = (point: { meanTokens: number; accuracy: number }) =>
    [frame.x(point.meanTokens), frame.y(point.accuracy)] as const;
  const here = chosen && pointAt(frontier, chosen.threshold);
  const svg = markup`${axes(frame, x, y)}${band(frontier, frame)}<path class="line blue" d="${path(thin(points).map(place))}"/>${endMark(place(never), 'never think', 'left', here !== null && isNear(place(here), place(never)))}${endMark(place(always), 'always think', 'right')}${here && chosenMark(place(here), `τ = ${thresholdText(chosen.threshold)}`, frame)}`;
  const of = frontier.benchmark ?? 'all benchmarks';
  const choice = here
    ? ` At the chosen threshold ${thresholdText(chosen.threshold)}: ${percent(here.accuracy)} with ${here.meanTokens.toFixed(1)} tokens.`
    : '';
  const description = `${of}: never thinking ${percent(never.accuracy)} with ${never.meanTokens.toFixed(1)} tokens, always thinking ${percent(always.accuracy)} with ${always.meanTokens.toFixed(1)} tokens.${choice}`;
  return { title: `Accuracy against tokens, ${of}`, description, svg };
}

/** The interval of the accuracy along the frontier. */
function band({ points, bands }: Frontier, frame: ReturnType<typeof frameOf>): Markup | null {
  if (bands.length < 2) return null;
  const tokens = new Map(points.map((point) => [point.threshold, point.meanTokens]));
  const edge = (end: 'low' | 'high') =>
    thin(bands).map(
      ({ threshold, accuracy }) => [frame.x(tokens.get(threshold) ?? 0), frame.y(accuracy[end])] as const,
    );
  return markup`<path class="band" d="${path([...edge('high'), ...[...edge('low')].reverse()])}Z"/>`;
}

/** How often the first answer is right, by how sure it is. On the diagonal confidence means what it says. */
export function calibrationFigure({ bins, ece, auroc }: Calibration): Figure {
  const x = axisOf('confidence of the first answer', [], (value) => value.toFixed(1), { min: 0, max: 1 });
  const y = axisOf('right', [], (value) => percent(value, 0), { min: 0, max: 1 });
  const frame = frameOf(x, y);
  const most = Math.max(1, ...bins.map((bin) => bin.n));
  const dots = bins.map(
    (bin) =>
      markup`<circle class="fill-blue halo" cx="${at(frame.x(bin.confidence))}" cy="${at(frame.y(bin.accuracy))}" r="${at(3 + 8 * Math.sqrt(bin.n / most))}"><title>${bin.n} answers: confidence ${bin.confidence.toFixed(2)}, right ${percent(bin.accuracy)}</title></circle>`,
  );
  const line = path(bins.map((bin) => [frame.x(bin.confidence), frame.y(bin.accuracy)] as const));
  const diagonal = path([
    [frame.x(0), frame.y(0)],
    [frame.x(1), frame.y(1)],
  ]);
  const svg = markup`${axes(frame, x, y)}<path class="line dashed soft" d="${diagonal}"/><path class="line thin blue" d="${line}"/>${dots}${legend(
    [
      { label: 'answers, by number', kind: 'fill-blue', shape: 'box' },
      { label: 'ideal', kind: 'dashed soft', shape: 'line' },
    ],
  )}`;
  const description = `Expected calibration error ${ece.toFixed(3)}${auroc === null ? '' : `, AUROC ${auroc.toFixed(3)}`}. ${bins.map((bin) => `${bin.confidence.toFixed(2)}: ${percent(bin.accuracy, 0)} of ${bin.n}`).join('; ')}.`;
  return { title: 'Is confidence worth trusting?', description, svg };
}

/** The point of the frontier that a threshold gives: the last one not below it. */
export function pointAt({ points }: Frontier, threshold: number) {
  return points.filter((point) => point.threshold >= threshold).at(-1) ?? points[0] ?? null;
}

type Place = readonly [number, number];

/** Accuracies over less than this are shown as the small differences they are. */
const LEAST_REACH = 0.1;

function withReach(accuracies: readonly number[]): number[] {
  const most = Math.max(...accuracies);
  return [...accuracies, Math.max(0, most - LEAST_REACH)];
}

/** Whether the labels of two marks would meet. */
function isNear([x, y]: Place, [otherX, otherY]: Place): boolean {
  return Math.abs(x - otherX) < 80 && y <= otherY + 6 && otherY - y < 36;
}

/** A square at an end of the frontier. The frontier rises to the right: above its right end and right of its left end is room. */
function endMark([x, y]: Place, label: string, end: 'left' | 'right', crowded = false): Markup {
  const below = crowded ? 40 : Math.min(5, HEIGHT - 54 - y);
  const [dx, dy, anchor] = end === 'right' ? [6, -12, 'end'] : [11, below, 'start'];
  return markup`<rect class="ring soft" x="${at(x - 4.5)}" y="${at(y - 4.5)}" width="9" height="9"/><text class="halo" x="${at(x + dx)}" y="${at(y + dy)}" text-anchor="${anchor}">${label}</text>`;
}

/** Its label stands below on the right, where the frontier is not; at the edge it ends at the mark. */
function chosenMark([x, y]: Place, label: string, frame: ReturnType<typeof frameOf>): Markup {
  const [dx, dy, anchor] = x > frame.right - 72 ? [8, 42, 'end'] : [4, 23, 'start'];
  return markup`<circle class="ring orange" cx="${at(x)}" cy="${at(y)}" r="6"/><text class="strong halo" x="${at(x + dx)}" y="${at(y + dy)}" text-anchor="${anchor}">${label}</text>`;
}

function histogramTicks(rollouts: number): number[] {
  const step = Math.ceil((rollouts + 1) / 12);
  return Array.from({ length: Math.floor(rollouts / step) + 1 }, (_, index) => index * step);
}

/** Centred moving mean over a tenth of the steps. */
function smooth(points: readonly { step: number; reward: number }[]) {
  const reach = Math.max(1, Math.round(points.length / 20));
  return points.map(({ step }, index) => {
    const part = points.slice(Math.max(0, index - reach), index + reach + 1);
    return { step, reward: part.reduce((sum, point) => sum + point.reward, 0) / part.length };
  });
}

/** Every n-th point and the last one. */
function thin<Point>(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  return step <= 1 ? points : points.filter((_, index) => index % step === 0 || index === points.length - 1);
}
