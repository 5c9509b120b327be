import { UserError } from '../errors.js';
import type { StageContext } from '../pipeline/stage.js';
import type { StepRow } from '../store/index.js';
import { type Alarm, watchForSigns } from './alarms.js';

/** A step may take this many times the longest so far, and always this long. */
const STALL = { factor: 10, seconds: 60 };
const LOOK_EVERY_MS = 5000;

export interface AlarmBell {
  /** Aborted with the alarm as its reason when the recipe says `train.alarms: stop`. */
  readonly signal: AbortSignal;
  step(row: StepRow): void;
  close(): void;
}

/** Listens to the steps of a training and warns, or ends it, by `train.alarms`. */
export function alarmBell(context: StageContext): AlarmBell {
  const { alarms } = context.recipe.train;
  const look = watchForSigns();
  const ended = new AbortController();
  let begun = false;

  const ring = (where: string, { kind, message, fix }: Alarm): void => {
    context.warn(kind, `${where}: ${message}; ${fix}`, { kind, message, fix });
    if (alarms !== 'stop') return;
    const told = `training stopped by an alarm, ${where}: ${message}`;
    const more = `${fix}; the same command goes on from the checkpoint in spite of it`;
    ended.abort(new UserError({ code: kind, kind: 'check', message: told, fix: more }));
  };
  const stalls = watchForStalls((seconds) =>
    ring('no step', {
      kind: 'stall',
      message: `the last one ended ${Math.round(seconds)} s ago, the longest took less than a tenth of it`,
      fix: "look at the run's log, and at what else uses the machine",
    }),
  );

  return {
    signal: ended.signal,
    step: (row) => {
      if (alarms === 'off') return;
      // What was seen before an interruption, and rang then.
      if (!begun)
        for (const { step, metrics } of context.store.steps(context.runId)) if (step < row.step) look(metrics);
      begun = true;
      stalls.step();
      for (const alarm of look(row.metrics)) ring(`step ${row.step}`, alarm);
    },
    close: stalls.close,
  };
}

/** Tells once when no step has come for long, and again after the next step. */
function watchForStalls(tell: (seconds: number) => void) {
  let [last, longest, told] = [Number.NaN, 0, false];
  const since = () => (performance.now() - last) / 1000;
  const timer = setInterval(() => {
    const limit = Math.max(STALL.seconds, STALL.factor * longest);
    // NaN before the first step: the model is still being loaded.
    if (told || !(since() > limit)) return;
    told = true;
    tell(since());
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    step: () => {
      if (!Number.isNaN(last)) longest = Math.max(longest, since());
      [last, told] = [performance.now(), false];
    },
    close: () => clearInterval(timer),
  };
}
