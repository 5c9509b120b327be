import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { anyRow, gzipped, jsonLines, type PlainRow, parquet, zstandard } from '../../fixtures/packed.js';
import { CLIP, folderWith, load, problems, row } from './fixture.js';

/** Prompts and rejected rows of a manifest with this name and content; bad rows are no errors. */
async function read(name: string, content: string | Uint8Array) {
  const folder = folderWith({ [name]: content, ...CLIP });
  const { prompts, rejected } = await load(folder, { path: name, onError: 'skip', minimum: 0 });
  const anywhere = (text: string) => text.replaceAll(folder, '').replaceAll(name, 'FILE');
  return JSON.parse(anywhere(JSON.stringify({ prompts, rejected: rejected.map(({ line, code }) => [line, code]) })));
}

const RICH: readonly PlainRow[] = [
  { id: 'a', question: 'Où ? 東京 🙂', problem_type: 'math', answer: '12', task: 'sum' },
  { id: 'b', question: 'Which?', problem_type: 'exact_match', options: ['red', 'blue'], answer: 'blue' },
  { id: 'c', question: 'When?', problem_type: 'iou', video: 'clip.mp4', start: 0.5, spans: [[1, 2.5]] },
  {
    id: 'd',
    question: 'Which, and when?',
    problem_type: 'gqa',
    video: 'clip.mp4',
    options: ['red', 'blue'],
    answer: 'A',
    spans: [
      [1, 2],
      [4, 5],
    ],
  },
  { id: 'b', question: 'Again?', problem_type: 'math', answer: '1' },
];

test('a manifest gives the same prompts however it is packed', async () => {
  const text = jsonLines(RICH);
  const plain = await read('rows.jsonl', text);
  expect(plain.prompts.map(({ id }: { id: string }) => id)).toEqual(['rows/a', 'rows/b', 'rows/c', 'rows/d']);
  expect(plain.prompts[3]).toMatchObject({
    answer: 'A',
    spans: [
      [1, 2],
      [4, 5],
    ],
    meta: {},
  });
  expect(plain.rejected).toEqual([[5, 'duplicate-id']]);
  expect(await read('rows.jsonl.gz', gzipped(text))).toEqual(plain);
  expect(await read('rows.jsonl.zst', await zstandard(text))).toEqual(plain);
  expect(await read('rows.parquet', parquet(RICH))).toEqual(plain);
  const halves = [jsonLines(RICH.slice(0, 2)), jsonLines(RICH.slice(2))];
  expect(await read('rows.jsonl.gz', Buffer.concat(halves.map(gzipped)))).toEqual(plain);
  expect(await read('rows.jsonl.zst', Buffer.concat(await Promise.all(halves.map(zstandard))))).toEqual(plain);
});

test('whatever its rows are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 8 }), async (rows) => {
      // Through JSON once: it writes -0 as 0.
      const written = rows.map((one) => JSON.parse(JSON.stringify(one)) as PlainRow);
      const text = jsonLines(written);
      const plain = await read('rows.jsonl', text);
      expect(await read('rows.jsonl.gz', gzipped(text))).toEqual(plain);
      expect(await read('rows.jsonl.zst', await zstandard(text))).toEqual(plain);
      expect(await read('rows.parquet', parquet(written))).toEqual(plain);
    }),
    { numRuns: 60 },
  );
});

test('Parquet as pyarrow writes it: structs, integers, dictionaries, 32-bit numbers, Zstandard pages', async () => {
  const folder = folderWith(CLIP);
  copyFileSync(resolve('test/fixtures/data/grounded.parquet'), join(folder, 'grounded.parquet'));
  const { prompts } = await load(folder, { path: 'grounded.parquet' });
  expect(prompts).toMatchObject([
    {
      id: 'grounded/1',
      options: ['red', 'blue'],
      answer: 'B',
      spans: [[0.5, 2]],
      media: [{ end: 3.5 }],
      meta: { task: 'moves' },
    },
    {
      id: 'grounded/2',
      question: 'Wo ist der Ball? 東京',
      answer: 'C',
      spans: [[1, 2]],
      media: [{ start: 1 }],
      meta: {},
    },
  ]);
});

describe('a file that is not what its ending says', () => {
  const text = jsonLines([JSON.parse(row())]);
  it.each([
    ['rows.jsonl.gz', text, 'is gzip by its ending, but holds something else'],
    ['rows.jsonl', gzipped(text), 'is plain text by its ending, but holds gzip | name it ….jsonl.gz'],
    ['rows.jsonl.zst', gzipped(text), 'is Zstandard by its ending, but holds gzip | name it ….jsonl.gz'],
    ['rows.parquet', text, 'is Parquet by its ending, but holds something else'],
    ['rows.jsonl', parquet(RICH), 'is plain text by its ending, but holds Parquet | name it ….parquet'],
    ['rows.jsonl', 'PK\x03\x04rest', 'holds a zip archive | give JSON Lines (plain, .gz or .zst) or .parquet'],
  ])('%s', async (path, content, message) => {
    const found = await problems([], { path }, { [path]: content });
    expect(found).toEqual([expect.stringContaining(message)]);
    expect(found[0]).toMatch(/^- format-mismatch: /);
  });
});

describe('a file that was cut', () => {
  const rows = Array.from({ length: 4000 }, (_, id) => ({
    id: String(id),
    question: `${id * 7919}?`,
    problem_type: 'math',
    answer: `${id}`,
  }));
  const text = jsonLines(rows);
  const half = (bytes: Uint8Array) => bytes.subarray(0, Math.floor(bytes.length * 0.6));

  it.each([
    ['rows.jsonl.gz', async () => gzipped(text)],
    ['rows.jsonl.zst', async () => zstandard(text + text.replaceAll('"id":"', '"id":"x'))],
  ] as const)('%s tells how many rows were readable', async (path, content) => {
    const [message = ''] = await problems([], { path }, { [path]: half(await content()) });
    const readable = Number(/; (\d+) rows were readable/.exec(message)?.[1]);
    expect(message).toMatch(/^- truncated-file: .*is cut off: it ends in the middle of its packed data/);
    expect(readable).toBeGreaterThan(1000);
    expect(readable).toBeLessThan(8000);
  });

  it('at its very end is told, too', async () => {
    for (const [path, bytes] of [
      ['rows.jsonl.gz', gzipped(text)],
      ['rows.jsonl.zst', await zstandard(text)],
    ] as const) {
      const found = await problems([], { path }, { [path]: bytes.subarray(0, bytes.length - 1) });
      expect(found).toEqual([expect.stringMatching(/^- truncated-file: .*; (3\d\d\d|4000) rows were readable/)]);
    }
  });

  it('rows.parquet has lost the list of its contents', async () => {
    const path = 'rows.parquet';
    const [message] = await problems([], { path }, { [path]: half(parquet(rows, 500)) });
    expect(message).toMatch(/^- truncated-file: .*which stands at the end of Parquet.*; 0 rows were readable/);
  });

  it('is not taken for an empty one', async () => {
    for (const path of ['rows.jsonl.gz', 'rows.jsonl.zst', 'rows.parquet'])
      expect(await problems([], { path }, { [path]: '' })).toEqual([
        expect.stringMatching(/^- truncated-file: .*it is empty/),
      ]);
  });
});

test('packed bytes that are damaged in the middle are told with the rows before them', async () => {
  const text = jsonLines(Array.from({ length: 4000 }, (_, id) => JSON.parse(row({ id, question: `${id * 7919}?` }))));
  const bytes = gzipped(text);
  bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 40);
  const path = 'rows.jsonl.gz';
  expect(await problems([], { path }, { [path]: bytes })).toEqual([
    expect.stringMatching(/^- damaged-file: .*cannot be unpacked: .*; \d{3,} rows were readable/),
  ]);
  const group = parquet(RICH);
  group.fill(0xff, 4, 60);
  expect(await problems([], { path: 'rows.parquet' }, { 'rows.parquet': group })).toEqual([
    expect.stringMatching(/^- damaged-file: .*cannot be read in row group 1: /),
  ]);
});
