import { UserError } from '../errors.js';
import type { Rollout } from '../records/index.js';
import type { EngineInfo, RolloutEngine, RolloutRequest } from './engine.js';

export interface ReplayEngineOptions {
  /** The recorded completion of a request, if there is one. */
  readonly find: (request: RolloutRequest) => Rollout | undefined;
  /** The engine that recorded them, as far as it is known. */
  readonly info?: Partial<EngineInfo>;
}

/**
 * Gives recorded completions again, in the order of the requests: to grade and sweep without a GPU, and for proofs that
 * need the very same completions ("same kept set"). A request that was never recorded is a UserError.
 */
export function createReplayEngine({ find, info: known }: ReplayEngineOptions): RolloutEngine {
  const info: EngineInfo = {
    ...{ engine: 'replay', version: '1', weights: 'recorded', libraries: {}, device: 'none' },
    ...{ importSeconds: 0, loadSeconds: 0 },
    ...known,
  };
  return {
    info: async () => info,
    async generate(requests, { onResult, signal }) {
      for (const request of requests) {
        signal?.throwIfAborted();
        const found = find(request);
        if (found === undefined) throw notRecorded(request);
        onResult(found);
        // Results come one by one, as from a real engine, so that an abort can take effect in between.
        await Promise.resolve();
      }
    },
    inspect: () => Promise.reject(unsupported('score tokens')),
    loadWeights: () => Promise.reject(unsupported('take other weights')),
    close: async () => {},
  };
}

function notRecorded({ promptId, index, seed }: RolloutRequest): UserError {
  return new UserError({
    code: 'not-recorded',
    kind: 'data',
    message: `completion ${index} of prompt ${promptId} with seed ${seed} was not recorded`,
    fix: 'replay with the seed and the data of the run that was recorded; a filter that decided early has recorded only what it needed',
  });
}

function unsupported(what: string): UserError {
  return new UserError({
    code: 'replay-only',
    kind: 'usage',
    message: `recorded completions cannot ${what}`,
    fix: 'use an engine of kind vllm for this',
  });
}
