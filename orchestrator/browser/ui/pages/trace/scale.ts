import type { FramesAnswer, Span, TraceDetail } from '../../../api/index.js';

/** Where the seconds of a file stand on a line, in percent of it. */
export interface Scale {
  readonly from: number;
  readonly to: number;
}

/** A span may reach this much farther than the frames, as a share of their seconds; one that goes on is cut off. */
const ROOM = 0.25;

/** The seconds that frames are spread over, and those that spans need beside them. */
export function scaleOf(answer: FramesAnswer | undefined, spans: TraceDetail['spans']): Scale | null {
  const ends = [...spans.gold, ...spans.first, ...spans.second].map(([, end]) => end);
  const last = Math.max(0, ...ends);
  if (!answer?.range) return last > 0 ? { from: 0, to: last } : null;
  const [from, to] = answer.range;
  return { from, to: Math.max(from + 0.001, to, Math.min(last, to + ROOM * (to - from))) };
}

export function at(seconds: number, { from, to }: Scale): number {
  return 100 * Math.max(0, Math.min(1, (seconds - from) / (to - from)));
}

/** A bar's place; one of no length is still to be seen. */
export function bar([start, end]: Span, scale: Scale): { left: string; width: string } {
  const left = Math.min(99.5, at(start, scale));
  return { left: `${left}%`, width: `${Math.max(0.5, at(end, scale) - left)}%` };
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

/** Round seconds, at most nine of them. */
export function ticks({ from, to }: Scale): readonly number[] {
  const step = STEPS.find((each) => (to - from) / each <= 8) ?? (to - from) / 8;
  const found: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to + step / 1000; tick += step) found.push(tick);
  return found;
}

/** "1.5 s", "12 s". */
export function seconds(value: number): string {
  return `${Number(value.toFixed(value < 10 ? 2 : 1))} s`;
}

export function spanText([start, end]: Span): string {
  return `${Number(start.toFixed(2))}–${seconds(end)}`;
}

/** The least time between two frames, as a share of the whole line: what decides how wide the line must be. */
export function closest(frames: FramesAnswer['frames'], { from, to }: Scale): number {
  let least = 1;
  for (const [index, frame] of frames.entries()) {
    const before = frames[index - 1];
    if (before && frame.seconds > before.seconds)
      least = Math.min(least, (frame.seconds - before.seconds) / (to - from));
  }
  return least;
}
