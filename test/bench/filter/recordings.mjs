// Made-up recordings: prompts from never right to always right, each completion two answers around a short thought.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rolloutSeed } from '../../../dist/pipeline/key.js';
import { createRandom, deriveSeed } from '../../../dist/statistics/index.js';

const RATES = [0, 0.05, 0.3, 0.6, 0.9, 1];
const THOUGHTS = ['The door is red.', 'A person picks up the cup.', 'They sit down at the window.'];

export function promptOf(place) {
  return {
    ...{ id: `prompt-${place}`, source: 'made-up', modality: 'video', question: `What happens in video ${place}?` },
    ...{ options: ['a door', 'a cup', 'a window', 'a chair'], answer: 'B', problemType: 'exact_match', meta: {} },
    media: [{ kind: 'video', path: `/videos/${place}.mp4`, sha256: `hash of video ${place}` }],
  };
}

/** Writes `prompts` × `rollouts` lines, as vauto runs export does. */
export async function writeRecordings(file, { prompts, rollouts, seed }) {
  const out = createWriteStream(file);
  for (let place = 0; place < prompts; place += 1) {
    const lines = Array.from({ length: rollouts }, (_, index) => lineOf(place, index, seed)).join('');
    if (!out.write(lines)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

function lineOf(place, index, seed) {
  const id = `prompt-${place}`;
  const random = createRandom(deriveSeed(1, id, index));
  const right = random() < RATES[place % RATES.length];
  const text = `\\boxed{C}<think>${THOUGHTS[index % THOUGHTS.length]}</think>\\boxed{${right ? 'B' : 'A'}}`;
  const ends = Array.from({ length: Math.ceil(text.length / 4) }, (_, token) => Math.min(text.length, 4 * token + 4));
  return `${JSON.stringify({
    ...{ stage: 'filter', set: 'train', pass: 'filter', prompt_id: id, index },
    ...{ seed: rolloutSeed(seed, 'filter', id, index), key: `${id}/${index}`, text },
    token_ids: ends.map((end) => (end * 7919) % 151_000),
    logprobs: ends.map(() => Math.fround(-random())),
    ...{ token_ends: ends, finish_reason: 'stop', prompt_tokens: 1200, cached_tokens: 1100 },
  })}\n`;
}
