import { appendFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { splitLines } from '../../../orchestrator/data/files/lines.js';
import { readRecords } from '../../../orchestrator/data/files/records.js';
import { SeenIds } from '../../../orchestrator/data/seen-ids.js';
import { UserError } from '../../../orchestrator/errors.js';
import { folderWith, load, problems, row } from './fixture.js';

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
const wrong = (content: string | Uint8Array) => problems([], {}, { 'rows.jsonl': content });

describe('a manifest with', () => {
  it('empty lines has them skipped, with their numbers kept', async () => {
    expect(await wrong(`\n\r\n   \n${row()}\n\n{\n`)).toEqual([expect.stringMatching(/^6 bad-json: not valid JSON/)]);
  });

  it('Latin-1 text names the first byte that is not UTF-8', async () => {
    const line = bytes('{"id": "Stra', [0xdf], 'e"}');
    expect(await wrong(bytes(`${row()}\n`, [...line], '\n'))).toEqual([
      '2 bad-json: not UTF-8: byte 0xdf at offset 12 of the line (86 of the file)',
    ]);
  });

  it.each([
    ['after a true replacement character', [0xef, 0xbf, 0xbd, 0x41, 0xc3, 0x28], 4, 'c3'],
    ['in a sequence cut by the line', [0x41, 0xe2, 0x82], 1, 'e2'],
    ['in a cut sequence that begins like the replacement character', [0x41, 0xef, 0xbf], 1, 'ef'],
    ['that is a lone continuation', [0x80], 0, '80'],
    ['of half a surrogate', [0x41, 0xed, 0xa0, 0x80], 1, 'ed'],
  ])('a bad byte %s names its offset', async (_name, given, offset, byte) => {
    expect(await wrong(bytes(given, '\n'))).toEqual([
      `1 bad-json: not UTF-8: byte 0x${byte} at offset ${offset} of the line (${offset} of the file)`,
    ]);
  });

  it('a UTF-16 byte order mark is named as such', async () => {
    expect(await wrong(Buffer.from(`\ufeff${row()}\n`, 'utf16le'))).toEqual([
      expect.stringMatching(/^- not-utf8: .*is text in UTF-16 \(byte order mark ff fe\); UTF-8 is needed \| iconv/),
    ]);
    expect(await wrong(Buffer.from(`\ufeff${row()}\n`, 'utf16le').swap16())).toEqual([
      expect.stringContaining('byte order mark fe ff'),
    ]);
  });

  it('NUL bytes names the first', async () => {
    expect(await wrong(`${row()}\n\0\0\0\n`)).toEqual([
      '2 bad-json: a NUL byte at offset 0 of the line (74 of the file)',
    ]);
  });

  it('duplicate and missing ids has them told', async () => {
    const missing = row().replace('"id":"a",', '');
    expect(await wrong([row(), missing, row({ id: '' }), row()].join('\n'))).toEqual([
      '2 bad-row: the row has no id | a text or a number is needed',
      '3 bad-row: id is ""; it is empty',
      '4 duplicate-id: the id "a" stands in line 1 already | give each row an id of its own',
    ]);
  });

  it('a last line that was cut says so', async () => {
    const cut = row({ id: 'b' }).slice(0, 40);
    expect(await wrong(`${row()}\n${cut}`)).toEqual([
      expect.stringMatching(/^2 bad-json: the file ends in the middle of a line: .* \| get the file again, whole$/),
    ]);
    expect(await wrong(`${row()}\n${cut}\n`)).toEqual([expect.stringMatching(/^2 bad-json: not valid JSON/)]);
    expect(await wrong(bytes(`${row()}\n{"question": "Stra`, [0xc3]))).toEqual([
      expect.stringMatching(
        /^2 bad-json: not UTF-8: byte 0xc3 at offset 18 .*; the file ends here, without a line break$/,
      ),
    ]);
  });

  it('a gigantic line has it refused, and the rows around it kept', async () => {
    const folder = folderWith({
      'rows.jsonl': `${row()}\n{"x":"${'y'.repeat(17 * 1024 * 1024)}"}\n${row({ id: 'b' })}\n`,
    });
    const { prompts, rejected } = await load(folder, { path: 'rows.jsonl', onError: 'skip' }, { excerpts: true });
    expect(prompts.map(({ id }) => id)).toEqual(['rows/a', 'rows/b']);
    expect(rejected).toMatchObject([{ line: 2, reason: 'the line has 17825800 bytes; at most 16777216 are allowed' }]);
    expect(rejected[0]?.row).toBe(`{"x":"${'y'.repeat(1994)}`);
  });
});

test('a line beyond the limit is not held', async () => {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  async function* chunks() {
    for (let count = 0; count < 300; count += 1) yield piece;
    yield Buffer.from('\nnext');
  }
  // Buffers lie outside the heap: what is alive there at the most, after a collection is asked for by their pressure.
  const before = process.memoryUsage().arrayBuffers;
  const lines = [];
  for await (const line of splitLines(chunks())) lines.push({ ...line, text: line.text.length });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 1024 * 1024);
  expect(lines).toEqual([
    { number: 1, text: 8192, problem: 'the line has 314572800 bytes; at most 16777216 are allowed' },
    { number: 2, text: 4, open: true },
  ]);
});

describe('a file that changes while it is read', () => {
  const many = Array.from({ length: 5000 }, (_, id) => `${row({ id })}\n`).join('');

  it.each([
    [
      'it is appended to',
      (file: string) => appendFileSync(file, `${row({ id: 'new' })}\n`),
      /it had \d+ bytes and has \d+$/,
    ],
    ['it is cut', (file: string) => writeFileSync(file, ''), /it had \d+ bytes and has 0$/],
    [
      'it is replaced',
      (file: string) => {
        writeFileSync(`${file}.new`, many);
        renameSync(`${file}.new`, file);
      },
      /another file was put in its place$/,
    ],
    ['it is written to', (file: string) => utimesSync(file, 1, 1), /it was written to$/],
    ['it is taken away', (file: string) => renameSync(file, `${file}.old`), /it is gone$/],
  ])('because %s', async (_name, change, message) => {
    const file = join(folderWith({ 'rows.jsonl': many }), 'rows.jsonl');
    const read = async () => {
      for await (const { number } of readRecords(file, 'rows.jsonl')) if (number === 3) change(file);
    };
    const error = await read().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      code: 'changed-while-reading',
      place: { file: 'rows.jsonl' },
      message: expect.stringMatching(message),
    });
  });
});

describe('seen ids', () => {
  it('are told apart and found again, in their file and line', () => {
    const seen = new SeenIds();
    const total = 50_000;
    seen.beginFile('a');
    for (let id = 0; id < total; id += 1) expect(seen.add(`id-${id}`, id + 1)).toBeUndefined();
    seen.beginFile('b');
    expect(seen.add('other', 7)).toBeUndefined();
    expect(seen.add('id-0', 8)).toEqual({ file: 'a', line: 1 });
    expect(seen.add(`id-${total - 1}`, 9)).toEqual({ file: 'a', line: total });
    expect(seen.add('other', 10)).toEqual({ file: 'b', line: 7 });
    expect(seen.size).toBe(total + 1);
  });
});
