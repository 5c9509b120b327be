import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Transient } from './faults.js';

/** How often a request is tried before its first token, and how long to wait in between. */
export interface RetryPolicy {
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly baseMs: number;
  /** Milliseconds that no wait exceeds, whatever the server asks for. */
  readonly mostMs: number;
  /** Only a busy server is asked again: of one that has gone the caller takes care. */
  readonly onlyBusy?: boolean;
}

export const RETRY: RetryPolicy = { attempts: 6, baseMs: 500, mostMs: 30_000 };

/** Runs it again after a `Transient`, as often as the policy says; then throws the last one. */
export async function withRetries<T>(
  policy: RetryPolicy,
  seed: number,
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Transient) || attempt >= policy.attempts) throw error;
      if (policy.onlyBusy && error.trouble !== 'busy') throw error;
      const wait = waitMs(policy, attempt, seed, error.retryAfter);
      await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/**
 * Milliseconds after the attempt: exponential, between half and the whole of it, so that requests refused together do not come
 * back together. Drawn from the seed: the same run waits the same.
 */
export function waitMs(policy: RetryPolicy, attempt: number, seed: number, retryAfter = 0): number {
  const drawn = createHash('sha256').update(`${seed}/${attempt}`).digest().readUInt32LE(0) / 2 ** 32;
  const backOff = policy.baseMs * 2 ** (attempt - 1) * (0.5 + drawn / 2);
  return Math.min(policy.mostMs, Math.max(backOff, retryAfter * 1000));
}
