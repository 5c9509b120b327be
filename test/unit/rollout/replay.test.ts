import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Rollout, toRecording } from '../../../orchestrator/records/index.js';
import { createReplayEngine, openRecordings } from '../../../orchestrator/rollout/index.js';
import { recordedText } from './recorded.js';

const sampling = { temperature: 1, topP: 1, topK: 0, maxTokens: 8, stop: [] };
const request = (index: number) => ({ promptId: 'p', index, seed: index, messages: [], media: [], sampling });
const rollout = (index: number, text: string) => recordedText({ promptId: 'p', index, seed: index }, text);

function fileOf(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'vauto-recordings-')), 'rollouts.jsonl');
  writeFileSync(file, text);
  return file;
}
const lineOf = (stage: string, made: Rollout) =>
  `${JSON.stringify(toRecording({ stage, set: 'train', pass: 'filter' }, made))}\n`;

test('results come in the order of the requests, of the stage that asks; the last line counts', async () => {
  const long = `ü${'x'.repeat(40_000)}`;
  const lines = [
    lineOf('evaluate', rollout(1, 'later')),
    lineOf('filter', rollout(1, 'old')),
    '\n',
    lineOf('filter', rollout(1, long)),
    lineOf('filter', rollout(0, 'a')),
  ];
  // The last line may have no end.
  const recordings = await openRecordings(fileOf(lines.join('').trimEnd()));
  expect(recordings.size).toBe(3);
  const engine = createReplayEngine({ find: (of) => recordings.find('filter', of) });
  const results: Rollout[] = [];
  await engine.generate([request(0), request(1)], { onResult: (result) => results.push(result as Rollout) });
  expect(results).toEqual([rollout(0, 'a'), rollout(1, long)]);
  recordings.close();
});

test('what was not recorded is named', async () => {
  const engine = createReplayEngine({ find: () => undefined });
  await expect(engine.generate([request(5)], { onResult: () => {} })).rejects.toThrow(
    'completion 5 of prompt p with seed 5 was not recorded',
  );
  await expect(engine.loadWeights('x')).rejects.toMatchObject({ code: 'replay-only' });
});

test('a file that was cut at any byte of its last line is told from a whole one, with the line', async () => {
  const [first, second] = [lineOf('filter', rollout(0, 'a')), lineOf('filter', rollout(1, 'b'))];
  for (let cut = 1; cut < second.length - 1; cut += 1) {
    const file = fileOf(first + second.slice(0, cut));
    await expect(openRecordings(file), `cut at ${cut}`).rejects.toMatchObject({
      code: 'bad-recording',
      place: { file, line: 2 },
    });
  }
});
