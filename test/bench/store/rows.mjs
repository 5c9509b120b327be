// Rollouts as training makes them: about 300 characters in 80 tokens, two verdicts, a reward, the hash of the request.

import { createHash } from 'node:crypto';
import { createRandom } from '../../../dist/statistics/index.js';

export const PROMPTS = 1000;
const TOKENS = 80;
const WORDS = 'the a video shows person opens red door then walks to window and picks up cup before sitting down'.split(
  ' ',
);

export function promptsOf(count) {
  return Array.from({ length: count }, (_, place) => ({
    ...{ id: `prompt-${place}`, source: 'made-up', modality: 'video', question: `What happens in video ${place}?` },
    ...{ options: ['a door', 'a cup', 'a window', 'a chair'], answer: 'B', problemType: 'exact_match', meta: {} },
    media: [{ kind: 'video', path: `/videos/${place}.mp4`, sha256: hash(`video ${place}`) }],
  }));
}

/** Rows of a unit: all prompts in turn, with the place in the group that comes next. */
export function unitRows(unit, size) {
  const random = createRandom(unit + 1);
  return Array.from({ length: size }, (_, place) => {
    const nth = unit * size + place;
    return rowOf(random, `prompt-${nth % PROMPTS}`, Math.floor(nth / PROMPTS));
  });
}

function rowOf(random, promptId, index) {
  const right = random() < 0.5;
  const think = thought(random);
  const text = `\\boxed{B}<think>${think}</think>\\boxed{${right ? 'B' : 'C'}}`;
  const ends = Array.from({ length: TOKENS }, (_, token) => Math.ceil(((token + 1) * text.length) / TOKENS));
  const second = { charStart: text.length - 2, charEnd: text.length - 1, tokenStart: TOKENS - 2, tokenEnd: TOKENS - 1 };
  const confidence = 0.3 + 0.7 * random();
  const verdict = (correct, answer) => ({ value: Number(correct), correct, state: 'graded', normalised: answer });
  return {
    set: 'train',
    pass: 'train',
    promptId,
    rollout: {
      key: hash(`rollout ${promptId} ${index}`),
      promptId,
      index,
      seed: Math.floor(random() * 2 ** 31),
      text,
      tokenIds: Array.from({ length: TOKENS }, () => Math.floor(random() * 151_000)),
      logprobs: Array.from({ length: TOKENS }, () => Math.fround(Math.log(0.05 + 0.95 * random()))),
      tokenEnds: ends,
      finishReason: 'stop',
      promptTokens: 1200,
      cachedTokens: 1100,
    },
    trace: {
      first: { text: 'B', charStart: 7, charEnd: 8, tokenStart: 2, tokenEnd: 3 },
      second: { text: right ? 'B' : 'C', ...second },
      think,
      format: 1,
      fallback: false,
      truncated: false,
      confidence,
      tokens: { first: 4, think: TOKENS - 8, second: 4, total: TOKENS },
    },
    verdicts: { first: verdict(true, 'b'), second: verdict(right, right ? 'b' : 'c') },
    reward: { first: 0.9, second: right ? 1.1 : 0, format: 1, fallback: 0, total: 1.9 + (right ? 1.1 : 0) },
    request: hash(`request ${promptId} ${index}`).slice(0, 32),
  };
}

function thought(random) {
  let text = '';
  while (text.length < 262) text += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  return text.slice(0, 262);
}

function hash(text) {
  return createHash('sha256').update(text).digest('hex');
}
