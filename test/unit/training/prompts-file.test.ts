import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Prompt } from '../../../orchestrator/records/index.js';
import { writePromptsFile } from '../../../orchestrator/training/prompts-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vauto-prompts-'));
});
afterEach(() => rm(folder, { recursive: true }));

const prompt: Prompt = {
  id: 'p1',
  source: 'toy',
  modality: 'video',
  media: [{ kind: 'video', path: '/data/a.mp4', start: 1, sha256: 'ab' }],
  question: 'What is it?\u2028Say.',
  answer: 'secret-gold',
  problemType: 'math',
  meta: {},
};

it('writes one line per prompt with messages and media, without the gold answer', async () => {
  const file = await writePromptsFile(join(folder, 'prompts.jsonl'), [prompt, { ...prompt, id: 'p2', media: [] }], {
    mode: 'answer-twice',
  });
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain('secret-gold');
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(rows.map((row) => row.id)).toEqual(['p1', 'p2']);
  expect(rows[0].media).toEqual(prompt.media);
  expect(rows[0].messages.at(-1).content[0]).toEqual({ type: 'video' });
});
