import { createHash } from 'node:crypto';
import { UserError } from '../errors.js';
import type { InspectItem, InspectSample, RolloutEngine, RolloutRequest } from './engine.js';

/** Largest difference between the log-probs that two engines with the same weights may give one token. */
const SAME = 1e-2;

/**
 * Several engines as one. Each request goes to the engine that its first image or video is pinned to (text: its prompt), so
 * that one engine decodes and encodes it once; which one depends on its content alone, so the batches are the same each time.
 */
export function createEnginePool(engines: readonly RolloutEngine[]): RolloutEngine {
  const [first] = engines;
  if (first === undefined) throw new Error('a pool needs an engine');
  return {
    info: () => first.info(),
    async generate(requests, options) {
      // One lane that fails stops the others: nobody waits for what will be thrown away.
      const stop = new AbortController();
      const signals = options.signal === undefined ? [stop.signal] : [stop.signal, options.signal];
      const signal = AbortSignal.any(signals);
      const media = options.following ?? (() => []);
      const lanes = lanesOf(requests, engines.length);
      const calls = engines.map(async (engine, lane) => {
        const own = lanes[lane] ?? [];
        const following = () => media().filter(({ sha256 }) => laneOf(sha256, engines.length) === lane);
        if (own.length > 0) await engine.generate(own, { ...options, following, signal });
      });
      for (const call of calls) call.catch((error: unknown) => stop.abort(error));
      const ends = await Promise.allSettled(calls);
      options.signal?.throwIfAborted();
      if (stop.signal.aborted) throw stop.signal.reason;
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw failed.reason;
    },
    async inspect(samples) {
      const seen = await Promise.all(engines.map((engine) => engine.inspect(samples)));
      for (const other of seen.slice(1)) checkAlike(samples, seen[0] ?? [], other);
      return seen[0] ?? [];
    },
    async loadWeights(folder) {
      const [info] = await Promise.all(engines.map((engine) => engine.loadWeights(folder)));
      return info ?? first.info();
    },
    sleep: async () => void (await Promise.all(engines.map((engine) => engine.sleep?.()))),
    close: async () => void (await Promise.all(engines.map((engine) => engine.close()))),
  };
}

/** Requests of each engine, in the given order. */
export function lanesOf(requests: readonly RolloutRequest[], engines: number): RolloutRequest[][] {
  const lanes: RolloutRequest[][] = Array.from({ length: engines }, () => []);
  for (const request of requests) lanes[laneOf(pinOf(request), engines)]?.push(request);
  return lanes;
}

function pinOf({ media, promptId }: RolloutRequest): string {
  return media[0]?.sha256 ?? promptId;
}

function laneOf(pin: string, engines: number): number {
  return createHash('sha256').update(pin).digest().readUInt32BE() % engines;
}

/** Engines that were given the same weights must not disagree: one of them would train or answer with others. */
function checkAlike(
  samples: readonly InspectSample[],
  left: readonly InspectItem[],
  right: readonly InspectItem[],
): void {
  for (const place of samples.keys()) {
    const [a, b] = [left[place]?.logprobs ?? [], right[place]?.logprobs ?? []];
    const gap = Math.max(0, ...a.map((value, token) => Math.abs(value - (b[token] ?? Number.NaN))));
    if (a.length === b.length && gap <= SAME) continue;
    throw new UserError({
      code: 'engines-differ',
      kind: 'check',
      message: `two engines with the same weights differ by ${gap.toFixed(4)} in the log-probability of a token`,
      fix: 'set engine.workers to 1, or ask for the same kind of device for all of them',
    });
  }
}
