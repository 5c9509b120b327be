import { recordedText, replayOf } from '../unit/rollout/recorded.js';
import { engineContract } from './engine.case.js';

const sampling = { temperature: 1, topP: 1, topK: 0, maxTokens: 16, stop: [] };
const requests = [0, 1, 2, 3].map((index) => ({
  promptId: `prompt-${index % 2}`,
  index,
  seed: 100 + index,
  messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'How many?' }] }],
  media: [],
  sampling,
}));
const recordings = requests.map((request) => recordedText(request, `\\boxed{${request.index}}`));
const engine = replayOf(recordings);

engineContract({
  name: 'replay',
  engine: () => engine,
  requests: () => requests,
  skip: { inspect: 'recordings hold no model' },
});
