import type { Rollout } from '../../../orchestrator/records/index.js';
import { createReplayEngine } from '../../../orchestrator/rollout/index.js';

type Name = Pick<Rollout, 'promptId' | 'index' | 'seed'>;
const nameOf = ({ promptId, index, seed }: Name) => JSON.stringify([promptId, index, seed]);

/** A completion whose tokens are its characters. */
export function recordedText(name: Name, text: string): Rollout {
  return {
    ...{ key: nameOf(name), promptId: name.promptId, index: name.index, seed: name.seed, text },
    tokenIds: [...text].map((character) => character.charCodeAt(0)),
    logprobs: [...text].map(() => -0.5),
    tokenEnds: [...text].map((_, place) => place + 1),
    ...{ finishReason: 'stop', promptTokens: 10, cachedTokens: 0 },
  };
}

/** The replay engine over these rollouts. */
export function replayOf(rollouts: readonly Rollout[]) {
  const known = new Map(rollouts.map((rollout) => [nameOf(rollout), rollout]));
  return createReplayEngine({ find: (request) => known.get(nameOf(request)) });
}
