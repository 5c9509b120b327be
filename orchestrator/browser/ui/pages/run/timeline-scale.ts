import type { StageView } from '../../../api-types.js';

/** Where a bar lies on the time axis, in percent of its length. */
export interface Bar {
  readonly left: number;
  readonly width: number;
}

export interface TimeScale {
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly barOf: (stage: StageView) => Bar;
  readonly ticks: readonly { readonly left: number; readonly seconds: number }[];
}

/** The time from the first start to the last end; `now` ends what is under way. */
export function timeScale(stages: readonly StageView[], now: number): TimeScale {
  const start = Math.min(...stages.map(startOf));
  const end = Math.max(start + 1000, ...stages.map((stage) => endOf(stage, now)));
  const place = (time: number) => (100 * (time - start)) / (end - start);
  const seconds = (end - start) / 1000;
  const step = tickStep(seconds);
  const ticks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
  return {
    start,
    end,
    barOf: (stage) => {
      const left = place(startOf(stage));
      return { left, width: Math.max(0, place(endOf(stage, now)) - left) };
    },
    ticks: ticks.map((at) => ({ left: (100 * at) / seconds, seconds: at })),
  };
}

function startOf({ startedAt }: StageView): number {
  return Date.parse(startedAt);
}

function endOf(stage: StageView, now: number): number {
  if (stage.finishedAt) return Date.parse(stage.finishedAt);
  return stage.status === 'running' || stage.status === 'stalled' ? now : startOf(stage) + 1000 * stage.seconds;
}

const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800];

/** Seconds between two ticks: at most six of them. */
function tickStep(seconds: number): number {
  return STEPS.find((step) => seconds / step <= 6) ?? Math.ceil(seconds / 6 / 604800) * 604800;
}
