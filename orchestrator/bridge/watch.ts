export interface WatchOptions {
  readonly timeoutMs: number | undefined;
  readonly silenceMs: number | undefined;
  readonly heartbeatMs: number;
  readonly cancelGraceMs: number;
  readonly onTimeout: (ms: number) => void;
  readonly onSilence: (ms: number, what: 'progress' | 'heartbeat') => void;
}

export interface Watch {
  /** Something came from Python: an event, or only a heartbeat. */
  alive(progress: boolean): void;
  /** Python waits for an answer: its silence is ours. */
  pause(): void;
  resume(): void;
  /** From now on only the grace period counts. */
  cancelled(onGraceOver: () => void): void;
  end(): void;
}

/** The clocks of one call. */
export function watchSilence(options: WatchOptions): Watch {
  const { timeoutMs, silenceMs, heartbeatMs, cancelGraceMs } = options;
  const total = clock(timeoutMs, () => options.onTimeout(timeoutMs ?? 0));
  const progress = clock(silenceMs, () => silent(silenceMs ?? 0, 'progress'));
  const heartbeat = clock(heartbeatMs, () => silent(heartbeatMs, 'heartbeat'));
  let grace: NodeJS.Timeout | undefined;

  function silent(ms: number, what: 'progress' | 'heartbeat'): void {
    end();
    options.onSilence(ms, what);
  }
  function end(): void {
    for (const each of [total, progress, heartbeat]) each.stop();
    clearTimeout(grace);
  }
  total.restart();
  progress.restart();
  heartbeat.restart();
  return {
    alive(progressed) {
      heartbeat.restart();
      if (progressed) progress.restart();
    },
    pause() {
      progress.stop();
      heartbeat.stop();
    },
    resume() {
      progress.restart();
      heartbeat.restart();
    },
    cancelled(onGraceOver) {
      end();
      grace = setTimeout(onGraceOver, cancelGraceMs);
    },
    end,
  };
}

/** A timer that can be started over; without a (finite) limit it never fires. */
function clock(ms: number | undefined, onEnd: () => void): { restart(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    stop,
    restart() {
      stop();
      if (ms !== undefined && Number.isFinite(ms)) timer = setTimeout(onEnd, ms);
    },
  };
}
