import type { Rollout } from '../../orchestrator/records/index.js';
import { createReplayEngine } from '../../orchestrator/rollout/index.js';
import { engineContract } from './engine.case.js';

const sampling = { temperature: 1, topP: 1, topK: 0, maxTokens: 8, stop: [] };
const requests = [0, 1, 2, 3].map((index) => ({
  promptId: `prompt-${index % 2}`,
  index,
  seed: 100 + index,
  messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'How many?' }] }],
  media: [],
  sampling,
}));
const recordings = requests.map(({ promptId, index, seed }) => {
  const rollout: Rollout = {
    key: `key-${index}`,
    promptId,
    index,
    seed,
    text: `\\boxed{${index}}`,
    tokenIds: [5, 6, 2],
    logprobs: [-0.1, -0.2, 0],
    tokenEnds: [7, 9, 9],
    finishReason: 'stop',
    promptTokens: 4,
    cachedTokens: 0,
  };
  return { rollout, sampling };
});
const engine = createReplayEngine({ recordings });

engineContract({
  name: 'replay',
  engine: () => engine,
  requests: () => requests,
  skip: { inspect: 'recordings hold no model' },
});
