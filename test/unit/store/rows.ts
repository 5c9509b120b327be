import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Prompt } from '../../../orchestrator/records/index.js';
import { openStore, type RolloutRow } from '../../../orchestrator/store/index.js';

/** A store in a new folder, with one run that has prompts p0 … p9 in the set `train`. */
export function storeWithRun() {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-store-'));
  const file = join(folder, 'vauto.db');
  const store = openStore(file);
  const runId = store.createRun({ ...newRun, folder: join(folder, 'first') });
  const known = prompts(10);
  store.savePrompts(runId, 'train', known);
  return { folder, file, store, runId, prompts: known };
}

export const newRun = {
  name: 'first',
  recipeText: 'name: first',
  recipe: { name: 'first' },
  folder: 'first',
  seed: 7,
  environment: { node: '20' },
};

export function prompts(count: number): Prompt[] {
  return Array.from({ length: count }, (_, index) => promptOf(`p${index}`));
}

export function promptOf(id: string, answer = 'A'): Prompt {
  return {
    ...{
      id,
      source: 'toy',
      modality: 'video',
      question: `What is ${id}?`,
      options: ['red', 'blue'],
      answer,
      problemType: 'exact_match',
    },
    media: [{ kind: 'video', path: `/videos/${id}.mp4`, sha256: `hash-of-${id}` }],
    meta: { task: 'colour' },
  };
}

const TEXT = '\\boxed{A}<think>It is red.</think>\\boxed{B}';

export function rowOf(promptId: string, index: number, correct: boolean | null = true): RolloutRow {
  const verdict = {
    value: correct === null ? null : Number(correct),
    correct,
    state: correct === null ? ('error' as const) : ('graded' as const),
    normalised: 'a',
  };
  return {
    ...{ set: 'train', pass: 'filter', promptId },
    rollout: {
      ...{ key: `key-${promptId}-${index}`, promptId, index, seed: 2 ** 31 - 1, text: TEXT },
      tokenIds: [5, 151_643, 70_000],
      logprobs: [Math.fround(-0.25), Math.fround(-0.1), 0],
      tokenEnds: [7, 9, TEXT.length],
      ...{ finishReason: 'stop', promptTokens: 120, cachedTokens: 16 },
    },
    trace: {
      first: { text: 'A', charStart: 7, charEnd: 8, tokenStart: 0, tokenEnd: 1 },
      second: { text: 'B', charStart: TEXT.length - 2, charEnd: TEXT.length - 1, tokenStart: 2, tokenEnd: 3 },
      ...{ think: 'It is red.', format: 1, fallback: false, truncated: false, confidence: Math.exp(-0.25) },
      tokens: { first: 1, think: 1, second: 1, total: 3 },
    },
    verdicts: { first: { value: 0, correct: false, state: 'graded', normalised: 'b' }, second: verdict },
    reward:
      correct === null
        ? null
        : { first: 0, second: Number(correct), format: 1, fallback: 0, total: 1 + 1.1 * Number(correct) },
  };
}
