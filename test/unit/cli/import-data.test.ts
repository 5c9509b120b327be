import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test, vi } from 'vitest';
import { importData } from '../../../orchestrator/cli/import-data.js';
import { siftGold } from '../../../orchestrator/pipeline/check-gold.js';
import { anyRow, gzipped, jsonLines, parquet, zstandard } from '../../fixtures/packed.js';
import { folderWith, load, row } from '../data/fixture.js';

const good = (id: unknown, fields = {}) => JSON.parse(row({ id, ...fields })) as Record<string, unknown>;
const rowsIn = (text: string) => text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

/** Imports files of a folder; paths of the result are relative to it. */
async function imported(folder: string, files: readonly string[], flags: Record<string, string> = {}) {
  const stdout: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0);
  try {
    const { out = 'out.jsonl', root, maxRejected = '0', json } = flags;
    const status = await importData(
      files.map((file) => join(folder, file)),
      {
        out: join(folder, out),
        ...(root === undefined ? {} : { root: join(folder, root) }),
        maxRejected,
        json: json !== undefined,
      },
    );
    return { status, stdout: stdout.join('').replaceAll(folder, '') };
  } finally {
    write.mockRestore();
  }
}

/** What a run would take of a manifest. */
async function promptsOf(folder: string, path: string) {
  const { prompts } = await load(folder, { path, name: 'same', onError: 'skip', minimum: 0 }, { sift: siftGold });
  return prompts;
}

describe('vauto data import', () => {
  it('puts files of all formats together, in the documented form', async () => {
    const choice = { problem_type: 'exact_match', options: ['A. red', 'B. blue'], answer: 'blue', task: 'colour' };
    const when = { id: 'w', question: 'When?', problem_type: 'iou', video: 'v/clip.mp4', end: 3, spans: [[1, 2]] };
    const folder = folderWith({
      'a.jsonl': `\ufeff${JSON.stringify(good(1, choice))}\r\n\n`,
      'b.jsonl.gz': gzipped(jsonLines([good('b')])),
      'c.jsonl.zst': await zstandard(jsonLines([good('c')])),
      'd.parquet': parquet([when]),
      'v/clip.mp4': 'x',
    });
    const files = ['a.jsonl', 'b.jsonl.gz', 'c.jsonl.zst', 'd.parquet'];
    expect(await imported(folder, files)).toEqual({ status: 0, stdout: '4 rows of 4 files are in /out.jsonl\n' });
    expect(rowsIn(readFileSync(join(folder, 'out.jsonl'), 'utf8'))).toEqual([
      { ...good(1, { id: '1', ...choice }), options: ['red', 'blue'], answer: 'B' },
      good('b'),
      good('c'),
      { id: 'w', question: 'When?', problem_type: 'iou', answer: [1, 2], video: 'v/clip.mp4', end: 3 },
    ]);
    expect(readdirSync(folder).sort()).toEqual([...files, 'out.jsonl', 'v'].sort());
    expect((await imported(folder, files, { out: 'packed.jsonl.gz' })).status).toBe(0);
    expect(gunzipSync(readFileSync(join(folder, 'packed.jsonl.gz'))).toString()).toBe(
      readFileSync(join(folder, 'out.jsonl'), 'utf8'),
    );
  });

  it('lists what it rejects with file, line, reason and the row, and writes nothing else when that is too much', async () => {
    const long = row({ id: 'long', answer: null, question: 'x'.repeat(5000) });
    const folder = folderWith({
      'a.jsonl': [row({ id: 1 }), row({ id: 2 }), '{"id": 3', long].join('\n'),
      'b.jsonl': `${row({ id: 2 })}\n${row({ id: 9, answer: '\\frac{1}{2' })}\n`,
    });
    const files = ['a.jsonl', 'b.jsonl'];
    const refused = await imported(folder, files, { maxRejected: '3' });
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('4 rows were rejected, listed in /out.rejected.jsonl\n');
    expect(refused.stdout).toContain('/a.jsonl:3:9  not valid JSON');
    expect(refused.stdout).toContain('/out.jsonl is not written: 2 rows could be used, at most 3 may be rejected\n');
    expect(existsSync(join(folder, 'out.jsonl'))).toBe(false);
    const rejected = rowsIn(readFileSync(join(folder, 'out.rejected.jsonl'), 'utf8'));
    expect(rejected.map(({ file, line, code }) => [file.replace(`${folder}/`, ''), line, code])).toEqual([
      ['a.jsonl', 3, 'bad-json'],
      ['a.jsonl', 4, 'bad-answer'],
      ['b.jsonl', 1, 'duplicate-id'],
      ['b.jsonl', 2, 'bad-answer'],
    ]);
    expect(Object.keys(rejected[0])).toEqual(['file', 'line', 'reason', 'code', 'row']);
    expect(rejected.map((one) => one.row.length)).toEqual([8, 2000, 71, 81]);
    expect(rejected[2].reason).toMatch(/^the id "2" stands in .*a\.jsonl:2 already$/);

    for (const maxRejected of ['4', '67%'])
      expect(await imported(folder, files, { maxRejected })).toMatchObject({ status: 0 });
    expect((await imported(folder, files, { maxRejected: '66%' })).status).toBe(1);
    const json = await imported(folder, files, { maxRejected: '4', json: 'yes' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      out: '/out.jsonl',
      rejectedOut: '/out.rejected.jsonl',
      prompts: 2,
      rejected: 4,
      files: [
        { path: '/a.jsonl', prompts: 2, rejected: 2 },
        { path: '/b.jsonl', prompts: 0, rejected: 2 },
      ],
    });
    // Mended: the list of an earlier import does not stay.
    writeFileSync(join(folder, 'a.jsonl'), row());
    expect((await imported(folder, ['a.jsonl'])).status).toBe(0);
    expect(existsSync(join(folder, 'out.rejected.jsonl'))).toBe(false);
  });

  it('shows no line of a packed file, whose bytes are no text', async () => {
    const folder = folderWith({ 'a.jsonl.gz': gzipped(row({ answer: null })), 'b.jsonl': row({ answer: null }) });
    expect((await imported(folder, ['b.jsonl'])).stdout).toMatch(/^ {4}1 \| \{"id"/m);
    expect((await imported(folder, ['a.jsonl.gz'])).stdout).not.toMatch(/^ +1 \|/m);
  });

  it('leaves an earlier OUT alone when it fails, and no parts', async () => {
    const folder = folderWith({
      'a.jsonl': row(),
      'out.jsonl': 'earlier',
      'cut.jsonl.gz': gzipped(row()).subarray(0, 30),
    });
    await expect(imported(folder, ['a.jsonl', 'cut.jsonl.gz'])).rejects.toMatchObject({ code: 'truncated-file' });
    await expect(imported(folder, ['absent.jsonl'])).rejects.toMatchObject({ code: 'missing-manifest' });
    expect(readFileSync(join(folder, 'out.jsonl'), 'utf8')).toBe('earlier');
    expect(readdirSync(folder).sort()).toEqual(['a.jsonl', 'cut.jsonl.gz', 'out.jsonl']);
  });

  it('names media relative to OUT, or to the root', async () => {
    const folder = folderWith({ 'in/a.jsonl': row({ video: 'clip.mp4' }), 'in/clip.mp4': 'x' });
    mkdirSync(join(folder, 'elsewhere'));
    expect((await imported(folder, ['in/a.jsonl'])).status).toBe(0);
    expect(rowsIn(readFileSync(join(folder, 'out.jsonl'), 'utf8'))[0].video).toBe('in/clip.mp4');
    const out = 'elsewhere/out.jsonl';
    await expect(imported(folder, ['in/a.jsonl'], { out })).rejects.toMatchObject({ code: 'media-elsewhere' });
    expect((await imported(folder, ['in/a.jsonl'], { out, root: 'in' })).status).toBe(0);
    expect(rowsIn(readFileSync(join(folder, out), 'utf8'))[0].video).toBe('clip.mp4');
  });

  it.each([
    [{ out: 'a.jsonl' }, /--out is .*a\.jsonl, which is read/],
    [{ out: 'out.json' }, /a name that ends in \.jsonl or \.jsonl\.gz is needed/],
    [{ out: 'gone/out.jsonl' }, /there is no folder .*gone/],
    [{ out: 'folder.jsonl' }, /--out is .*folder\.jsonl", which is a folder/],
    [{ root: 'gone' }, /--root is .*gone", which is no folder/],
    [{ maxRejected: 'some' }, /--max-rejected is "some"/],
    [{ maxRejected: '0.5' }, /--max-rejected is "0.5"/],
    [{ maxRejected: '101%' }, /--max-rejected is "101%"/],
  ])('refuses %o', async (flags, message) => {
    const folder = folderWith({ 'a.jsonl': row(), 'folder.jsonl/x': '' });
    await expect(imported(folder, ['a.jsonl'], flags)).rejects.toThrow(message);
  });
});

test('what is imported is the same prompts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 8 }), async (rows) => {
      const folder = folderWith({ 'in.jsonl': jsonLines(rows), 'clip.mp4': 'x' });
      const { status } = await imported(folder, ['in.jsonl'], { maxRejected: '100%' });
      const before = await promptsOf(folder, 'in.jsonl');
      expect(status).toBe(before.length === 0 ? 1 : 0);
      if (status === 0) expect(await promptsOf(folder, 'out.jsonl')).toEqual(before);
    }),
    { numRuns: 100 },
  );
});
