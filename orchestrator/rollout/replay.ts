import { UserError } from '../errors.js';
import type { Rollout, Sampling } from '../records/index.js';
import type { EngineInfo, RolloutEngine, RolloutRequest } from './engine.js';
import { replayKey } from './key.js';

/** A recorded completion; with its sampling, a request must have the same. */
export interface Recording {
  readonly rollout: Rollout;
  readonly sampling?: Sampling;
}

export interface ReplayEngineOptions {
  readonly recordings: Iterable<Recording>;
  /** The engine that recorded them, as far as it is known. */
  readonly info?: Partial<EngineInfo>;
}

/**
 * Gives recorded completions again, in the order of the requests: for proofs that need the very same completions ("same kept
 * set"). A request is found by prompt, index, seed and sampling; one that was never recorded is a UserError.
 */
export function createReplayEngine(options: ReplayEngineOptions): RolloutEngine {
  const recorded = new Map<string, Recording[]>();
  for (const recording of options.recordings) {
    const key = replayKey(recording.rollout);
    recorded.set(key, [...(recorded.get(key) ?? []), recording]);
  }
  const info: EngineInfo = {
    engine: 'replay',
    version: '1',
    weights: 'recorded',
    libraries: {},
    device: 'none',
    importSeconds: 0,
    loadSeconds: 0,
    ...options.info,
  };

  return {
    info: async () => info,
    async generate(requests, { onResult, signal }) {
      for (const request of requests) {
        signal?.throwIfAborted();
        onResult(find(recorded, request));
        // Results come one by one, as from a real engine, so that an abort can take effect in between.
        await Promise.resolve();
      }
    },
    inspect: () => Promise.reject(unsupported('score tokens')),
    loadWeights: () => Promise.reject(unsupported('take other weights')),
    close: async () => {},
  };
}

function find(recorded: ReadonlyMap<string, readonly Recording[]>, request: RolloutRequest): Rollout {
  const candidates = recorded.get(replayKey(request)) ?? [];
  const found = candidates.find(({ sampling }) => sampling === undefined || sameSampling(sampling, request.sampling));
  if (found) return found.rollout;
  const why = candidates.length > 0 ? 'was recorded with other sampling' : 'was not recorded';
  throw new UserError({
    code: 'not-recorded',
    kind: 'data',
    message: `completion ${request.index} of prompt ${request.promptId} with seed ${request.seed} ${why}`,
    fix: 'replay the recipe and seed that the recording was made with',
  });
}

function sameSampling(a: Sampling, b: Sampling): boolean {
  const plain = ({ temperature, topP, topK, maxTokens, stop }: Sampling) =>
    JSON.stringify([temperature, topP, topK, maxTokens, stop]);
  return plain(a) === plain(b);
}

function unsupported(what: string): UserError {
  return new UserError({
    code: 'replay-only',
    kind: 'usage',
    message: `recorded completions cannot ${what}`,
    fix: 'use an engine of kind vllm for this',
  });
}
