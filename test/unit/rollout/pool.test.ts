import { expect, it } from 'vitest';
import type { Media } from '../../../orchestrator/records/index.js';
import type { GenerateOptions, RolloutEngine, RolloutRequest } from '../../../orchestrator/rollout/engine.js';
import { createEnginePool, lanesOf } from '../../../orchestrator/rollout/pool.js';
import { replayOf } from './recorded.js';

const media: Media[] = Array.from({ length: 12 }, (_, place) => ({
  ...{ kind: 'video', path: `${place}.mp4`, sha256: String(place).repeat(32) },
}));
const requests: RolloutRequest[] = media.map((medium, index) => ({
  ...{ promptId: `p${index}`, index: 0, seed: 1, messages: [], media: [medium] },
  sampling: { temperature: 1, topP: 1, topK: 0, maxTokens: 8, stop: [] },
}));

it('tells each engine of a pool which of the next media will be its own', async () => {
  const told: GenerateOptions[] = [];
  const engines = [0, 1, 2].map((lane): RolloutEngine => {
    const engine = replayOf([]);
    return {
      ...engine,
      generate: async (own, options) => {
        told[lane] = options;
        // Without recordings every request fails, each by itself.
        await engine.generate(own, options).catch(() => undefined);
      },
    };
  });
  await createEnginePool(engines).generate(requests, { onResult: () => {}, following: () => media });
  const expected = lanesOf(requests, 3).map((own) => own.flatMap((request) => request.media));
  expect(expected.every((own) => own.length > 0)).toBe(true);
  expect(told.map(({ following }) => following?.())).toEqual(expected);
});
