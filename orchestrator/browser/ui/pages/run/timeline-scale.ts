import type { StageView } from '../../../api/index.js';
import { localTime } from '../../shared/format.js';

/** Where a bar lies on the time axis, in percent of its length. */
export interface Bar {
  readonly left: number;
  readonly width: number;
}

export interface TimeScale {
  readonly barOf: (stage: StageView) => Bar;
  readonly ticks: readonly { readonly left: number; readonly text: string }[];
}

/** Milliseconds since 1970, and the place on the axis in milliseconds from its left end. */
interface Knot {
  readonly time: number;
  readonly at: number;
}

/** A pause is cut short when it is longer than this, and than this share of the time worked. */
const LONG_PAUSE = 60_000;
const LONG_SHARE = 0.25;
/** Share of the time worked that a pause takes that was cut short. */
const CUT = 0.05;

/** The time from the first start to the last end, long pauses cut short; `now` ends what is under way. */
export function timeScale(stages: readonly StageView[], now: number): TimeScale {
  const { knots, resumed } = knotsOf(worked(stages, now));
  const length = Math.max(1000, knots.at(-1)?.at ?? 0);
  const place = (time: number) => (100 * placeOf(knots, time)) / length;
  const barOf = (stage: StageView) => {
    const left = place(startOf(stage));
    return { left, width: Math.max(0, place(endOf(stage, now)) - left) };
  };
  const start = knots[0]?.time ?? 0;
  const ticks = resumed.length > 0 ? clockTicks([start, ...resumed], place) : evenTicks(start, length);
  return { barOf, ticks };
}

function startOf({ startedAt }: StageView): number {
  return Date.parse(startedAt);
}

function endOf(stage: StageView, now: number): number {
  if (stage.finishedAt) return Date.parse(stage.finishedAt);
  return stage.status === 'running' || stage.status === 'stalled' ? now : startOf(stage) + 1000 * stage.seconds;
}

/** Times in which some stage was worked on, in order. */
function worked(stages: readonly StageView[], now: number): { from: number; to: number }[] {
  const spans = stages.map((stage) => ({ from: startOf(stage), to: Math.max(startOf(stage), endOf(stage, now)) }));
  const merged: { from: number; to: number }[] = [];
  for (const span of spans.sort((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else merged.push(span);
  }
  return merged;
}

/** The ends of each time worked on the axis, and the times at which it went on after a long pause. */
function knotsOf(spans: readonly { from: number; to: number }[]): { knots: Knot[]; resumed: number[] } {
  const busy = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const knots: Knot[] = [];
  const resumed: number[] = [];
  for (const { from, to } of spans) {
    const last = knots.at(-1) ?? { time: from, at: 0 };
    const pause = from - last.time;
    const isLong = pause > LONG_PAUSE && pause > LONG_SHARE * busy;
    if (isLong) resumed.push(from);
    const at = last.at + (isLong ? CUT * busy : pause);
    knots.push({ time: from, at }, { time: to, at: at + to - from });
  }
  return { knots, resumed };
}

function placeOf(knots: readonly Knot[], time: number): number {
  const next = knots.findIndex((knot) => knot.time >= time);
  const [before, after] = [knots[next - 1], knots[next]];
  if (!after) return knots.at(-1)?.at ?? 0;
  if (!before || after.time === before.time) return after.at;
  return before.at + ((time - before.time) / (after.time - before.time)) * (after.at - before.at);
}

/** Day and time of the start and of each going on; of those that lie too close together the first. */
function clockTicks(times: readonly number[], place: (time: number) => number): TimeScale['ticks'] {
  const ticks: { left: number; text: string }[] = [];
  for (const time of times) {
    const left = place(time);
    const last = ticks.at(-1);
    const clock = localTime(new Date(time).toISOString()).slice(5);
    if (!last) ticks.push({ left, text: clock });
    else if (left - last.left > 22) ticks.push({ left, text: `… ${clock}` });
  }
  return ticks;
}

const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800];

/** At most six ticks at even seconds behind the start. */
function evenTicks(start: number, length: number): TimeScale['ticks'] {
  const seconds = length / 1000;
  const step = STEPS.find((each) => seconds / each <= 6) ?? Math.ceil(seconds / 6 / 604800) * 604800;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => {
    const at = index * step;
    const text = at === 0 ? localTime(new Date(start).toISOString()).slice(11) : `+${short(at)}`;
    return { left: (100 * at) / seconds, text };
  });
}

/** "90 s" is "1.5 min": a tick has little room. */
function short(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${seconds / 60} min`;
  return seconds < 86400 ? `${seconds / 3600} h` : `${seconds / 86400} d`;
}
