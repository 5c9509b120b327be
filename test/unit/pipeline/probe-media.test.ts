import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ReadSource, sifted } from '../../../orchestrator/data/index.js';
import { type ProbeOptions, withMediaProbe } from '../../../orchestrator/pipeline/probe-media.js';
import { folderWith } from '../data/fixture.js';
import { promptOf } from '../store/rows.js';

/** Rows that share a video in pairs. */
const ROWS = 200;
const source: ReadSource = {
  spec: { source: 'jsonl', path: 'a.jsonl' },
  file: 'a.jsonl',
  rows: Array.from({ length: ROWS }, (_, n) => ({ prompt: promptOf(`p${Math.floor(n / 2)}`), line: n + 1 })),
  rejected: [],
};

test('files are opened once each, a few at a time; those that cannot be decoded are asked for again by the next run', async () => {
  const asked: string[][] = [];
  // What the worker answers is the integration tests' matter; here, what it is asked.
  const worker = {
    call: async (_method: string, { paths }: { paths: string[] }) => {
      asked.push(paths);
      const answer = (path: string) =>
        path.endsWith('/p7.mp4') ? { path, error: { message: `${path}: no frames` } } : { path, duration: 3 };
      return { items: paths.map(answer) };
    },
  } as unknown as ProbeOptions['worker'];
  const done: number[] = [];
  const options: ProbeOptions = {
    worker,
    cache: join(folderWith({}), 'probes.json'),
    signal: new AbortController().signal,
    onProgress: (count) => done.push(count),
  };
  const probe = () => withMediaProbe(options, (sift) => sifted(source, sift));

  const { rows, rejected } = await probe();
  expect(rows).toHaveLength(ROWS - 2);
  expect(rejected.map(({ line, reason }) => [line, reason])).toEqual(
    [15, 16].map((line) => [line, 'the video /videos/p7.mp4 cannot be used: no frames']),
  );
  expect(asked.flat()).toHaveLength(ROWS / 2);
  expect(new Set(asked.flat()).size).toBe(ROWS / 2);
  expect(Math.max(...asked.map((paths) => paths.length))).toBeLessThanOrEqual(32);
  expect(done).toEqual([32, 64, 96, 128, 160, 192, 200]);

  asked.length = 0;
  await probe();
  expect(asked).toEqual([['/videos/p7.mp4']]);
});
