import PQueue from 'p-queue';
import { ApiError } from './errors.js';

/** Seconds after which a client that was turned away may try again. */
const RETRY_AFTER = 1;

/** Back-pressure: so many requests run, so many wait, and the next is turned away with 429. */
export interface Limits {
  /** A place among those that run; give it back. Rejects when the signal aborts first. */
  enter(signal: AbortSignal): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

export function createLimits(maxRunning: number, maxWaiting: number): Limits {
  const queue = new PQueue({ concurrency: maxRunning });
  return {
    enter: (signal) => {
      if (queue.pending >= maxRunning && queue.size >= maxWaiting)
        throw new ApiError(
          429,
          'too_many_requests',
          `${queue.pending} requests run and ${queue.size} wait; try again`,
          {
            retryAfter: RETRY_AFTER,
          },
        );
      return new Promise((resolve, reject) => {
        queue.add(() => new Promise<void>((done) => resolve(done)), { signal }).catch(reject);
      });
    },
    get running() {
      return queue.pending;
    },
    get waiting() {
      return queue.size;
    },
  };
}
