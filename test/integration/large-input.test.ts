import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT, vauto } from './shared-run.js';

/** Questions of this length and number are more than the heap below holds. */
const LONG = 'It is shown for a while. '.repeat(200);
const ROWS = 30_000;
const HEAP_MB = 90;

const folder = mkdtempSync(join(tmpdir(), 'vauto-large-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeRows(): void {
  copyFileSync(join(ROOT, 'recipes', 'tiny', 'data', 'videos', 'train-000.mp4'), join(folder, 'v.mp4'));
  const file = openSync(join(folder, 'train.jsonl'), 'w');
  for (let id = 0; id < ROWS; id += 1) {
    const row = { id, question: `${LONG}${id}`, problem_type: 'iou', answer: [0.5, 1], video: 'v.mp4' };
    writeSync(file, `${JSON.stringify(row)}\n`);
  }
  closeSync(file);
  writeFileSync(
    join(folder, 'b.jsonl'),
    '{"id": 1, "question": "What is 1 + 1?", "problem_type": "math", "answer": "2"}',
  );
  const recorded = {
    ...{ stage: 'filter', set: 'train', pass: 'filter', prompt_id: 'x', index: 0, seed: 1, key: 'k', text: 'a' },
    ...{ token_ids: [1], logprobs: [-1], token_ends: [1], finish_reason: 'stop', prompt_tokens: 1, cached_tokens: 0 },
  };
  writeFileSync(join(folder, 'recorded.jsonl'), JSON.stringify(recorded));
  writeFileSync(
    join(folder, 'r.yaml'),
    `version: 1
name: large
model: {path: recorded.jsonl}
data: {train: [{path: train.jsonl}], benchmarks: [{name: one, path: b.jsonl}]}
engine: {kind: replay, recordings: recorded.jsonl}
filter: {keepGrounding: true}
train: {enabled: false}
`,
  );
}

test('a manifest may be larger than memory', async () => {
  writeRows();
  const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };
  const args = ['run', 'r.yaml', '--run', 'large', '--until', 'filter', '--runs', join(folder, 'runs')];
  const { exitCode, stderr } = await vauto(args, { cwd: folder, env });
  expect(exitCode, stderr.slice(-2000)).toBe(0);
  expect(stderr).toContain(`kept ${ROWS} of ${ROWS} prompts`);
});
