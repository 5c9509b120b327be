import { expect, test } from 'vitest';
import type { Rollout } from '../../../orchestrator/records/index.js';
import { createReplayEngine } from '../../../orchestrator/rollout/index.js';

const sampling = { temperature: 1, topP: 1, topK: 0, maxTokens: 8, stop: [] };
const lists = { tokenIds: [1], logprobs: [0], tokenEnds: [1] };
const rollout = (index: number, text: string): Rollout => {
  return {
    key: text,
    promptId: 'p',
    index,
    seed: index,
    text,
    ...lists,
    finishReason: 'stop',
    promptTokens: 1,
    cachedTokens: 0,
  };
};
const request = (index: number, change = {}) => {
  return { promptId: 'p', index, seed: index, messages: [], media: [], sampling: { ...sampling, ...change } };
};

test('results come in the order of the requests, by prompt, index, seed and sampling', async () => {
  const greedy = { ...sampling, temperature: 0 };
  const engine = createReplayEngine({
    recordings: [
      { rollout: rollout(1, 'b'), sampling },
      { rollout: rollout(0, 'a'), sampling },
      { rollout: rollout(0, 'greedy'), sampling: greedy },
    ],
  });
  const texts: string[] = [];
  const onResult = (result: object) => texts.push((result as Rollout).text);
  await engine.generate([request(0), request(1), request(0, { temperature: 0 })], { onResult });
  expect(texts).toEqual(['a', 'b', 'greedy']);
});

test('what was not recorded is named', async () => {
  const engine = createReplayEngine({ recordings: [{ rollout: rollout(0, 'a'), sampling }] });
  const onResult = () => {};
  await expect(engine.generate([request(5)], { onResult })).rejects.toThrow(
    'completion 5 of prompt p with seed 5 was not recorded',
  );
  await expect(engine.generate([request(0, { topK: 3 })], { onResult })).rejects.toThrow(
    'recorded with other sampling',
  );
  await expect(engine.loadWeights('x')).rejects.toMatchObject({ code: 'replay-only' });
});
