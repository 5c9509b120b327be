import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { promptSchema } from '../../../orchestrator/records/index.js';
import { folderWith, load, loadRows, problems, row } from './fixture.js';

const choice = { problem_type: 'exact_match', options: ['red', 'blue', 'green'] };
const when = { problem_type: 'iou', video: 'clip.mp4' };
const grounded = { ...choice, problem_type: 'gqa', video: 'clip.mp4' };

async function only(fields: Record<string, unknown>) {
  const { prompts } = await loadRows([fields]);
  const [prompt] = prompts;
  if (prompt === undefined) throw new Error('no prompt');
  return promptSchema.parse(prompt);
}

describe('a row that is right', () => {
  it('becomes a prompt that names its source, and keeps what it does not know as meta', async () => {
    const prompt = await only({ id: 7, task: 'sum', license: 'CC0' });
    expect(prompt).toMatchObject({
      id: 'rows/7',
      source: 'rows',
      modality: 'text',
      media: [],
      answer: '2',
      meta: { task: 'sum', license: 'CC0' },
    });
  });

  it('has its media hashed, by a path from the folder of the manifest, with the cut', async () => {
    const prompt = await only({ video: 'clip.mp4', start: 1, end: 2.5 });
    expect(prompt.modality).toBe('video');
    const sha256 = createHash('sha256').update('not decoded here').digest('hex');
    expect(prompt.media[0]).toMatchObject({ kind: 'video', start: 1, end: 2.5, sha256 });
  });

  it('may give the gold option as letter, as text, or as both', async () => {
    for (const answer of ['B', 'b', '(B)', 'B.', 'blue', ' Blue ', 'B. blue'])
      expect((await only({ ...choice, answer })).answer).toBe('B');
  });

  it('may have letters in its options already; a text that only looks so is left alone', async () => {
    expect((await only({ ...choice, options: ['A. red', 'B. blue'], answer: 'B. blue' })).options).toEqual([
      'red',
      'blue',
    ]);
    expect((await only({ ...choice, options: ['A. Smith', 'C. Jones'], answer: 'A' })).options).toEqual([
      'A. Smith',
      'C. Jones',
    ]);
  });

  it('has spans for grounding, one or several', async () => {
    expect(await only({ ...when, answer: [1, 2.5] })).toMatchObject({ answer: '', spans: [[1, 2.5]] });
    expect(
      (
        await only({
          ...when,
          answer: [
            [1, 2],
            [4, 5],
          ],
        })
      ).spans,
    ).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(await only({ ...grounded, answer: { answer: 'green', segment: [0, 1] } })).toMatchObject({
      answer: 'C',
      spans: [[0, 1]],
    });
  });

  it('may have a number as its answer', async () => {
    expect((await only({ answer: 0 })).answer).toBe('0');
  });
});

describe('bad rows', () => {
  it('are listed together, each with its line; blank lines count', async () => {
    const lines = [
      row(),
      '',
      '{"id": "b", ',
      row({ id: 'c', answer: undefined }),
      row({ id: 'd', problem_type: 'maths' }),
      '[1]',
      row({ question: 3 }),
    ];
    expect(await problems(lines)).toEqual([
      expect.stringMatching(/^3 bad-json: not valid JSON: /),
      '4 bad-answer: the row has no answer',
      '5 bad-row: problem_type is "maths"; allowed: math, exact_match, iou, gqa',
      '6 bad-json: the line is JSON, but no object {…}',
      '7 bad-row: question is 3; a text is needed',
    ]);
  });

  it('are skipped and counted when the recipe says so', async () => {
    const { prompts, rejected, counts } = await loadRows([{ id: 'a' }, { id: 'b', answer: null }], { onError: 'skip' });
    expect(prompts.map((prompt) => prompt.id)).toEqual(['rows/a']);
    expect(rejected).toEqual([expect.objectContaining({ line: 2, code: 'bad-answer', key: 'answer' })]);
    expect(counts).toEqual({
      name: 'rows',
      path: 'rows.jsonl',
      prompts: 1,
      rejected: 1,
      byType: { math: 1 },
      byModality: { text: 1 },
      media: 0,
    });
  });

  it('may repeat an id; the second is the bad one', async () => {
    expect(await problems([{ id: 1 }, { id: '1' }])).toEqual([
      '2 duplicate-id: the id "1" stands in line 1 already | give each row an id of its own',
    ]);
  });

  it('may have options that cannot be graded', async () => {
    const bad = (fields: Record<string, unknown>) => problems([{ ...choice, answer: 'A', ...fields }]);
    expect(await bad({ options: ['red'] })).toEqual(['1 bad-options: 1 options; 2 to 26 are allowed']);
    expect(await bad({ options: ['red', 'Red '] })).toEqual(['1 bad-options: the option "Red" stands there twice']);
    expect(await bad({ options: ['red', ''] })).toEqual(['1 bad-options: one option is empty']);
    expect(await bad({ answer: 'D' })).toEqual([
      '1 bad-answer: "D" is no letter from A to C and not the text of an option',
    ]);
    expect(await bad({ options: ['B', 'A'] })).toEqual([
      expect.stringContaining('"A" is both the letter A and the text of option B'),
    ]);
    expect(await bad({ problem_type: 'math' })).toEqual([expect.stringContaining('math takes no options')]);
  });

  it('may have answers that do not fit their problem type', async () => {
    expect(await problems([{ ...when, answer: 'B' }])).toEqual([
      '1 bad-answer: the time span is "B" | write [start, end] in seconds, or a list of such pairs',
    ]);
    expect(await problems([{ ...when, answer: [5, 2] }])).toEqual([
      '1 bad-answer: the time span [5, 2] must begin at 0 or later and end after its start',
    ]);
    expect(await problems([{ ...grounded, answer: 'B' }])).toEqual([
      expect.stringContaining('write {"answer": "B", "segment": [2.0, 4.5]}'),
    ]);
    expect(await problems([{ ...grounded, answer: { answer: 'B' } }])).toEqual([
      expect.stringContaining('the time span is missing'),
    ]);
    expect(await problems([{ answer: true }])).toEqual([
      '1 bad-answer: the answer is true; a text or a number is needed',
    ]);
    expect(await problems([{ answer: '  ' }])).toEqual(['1 bad-answer: the answer is empty']);
  });

  it('may ask about time without a video', async () => {
    expect(await problems([{ ...when, video: undefined, answer: [1, 2] }])).toEqual([
      '1 bad-media: iou asks about time; the row has no video',
    ]);
    expect(await problems([{ start: 1 }])).toEqual(['1 bad-media: start and end cut a video; the row has none']);
    expect(await problems([{ video: 'clip.mp4', start: 2, end: 1 }])).toEqual([
      '1 bad-media: start is 2, not before end (1)',
    ]);
  });

  it('may be bytes that are no text', async () => {
    const bytes = Buffer.concat([Buffer.from(`${row()}\n`), Buffer.from([0x7b, 0xff, 0xfe, 0x0a])]);
    expect(await problems([], {}, { 'rows.jsonl': bytes })).toEqual([
      '2 bad-json: not UTF-8: byte 0xff at offset 1 of the line (75 of the file)',
    ]);
  });

  it('are listed up to twenty, the rest is a number', async () => {
    const found = await problems(Array.from({ length: 30 }, (_, id) => ({ id, answer: '' })));
    expect(found).toHaveLength(21);
    expect(found[20]).toMatch(/^- more-bad-rows: 10 more rows cannot be used \| vauto data check/);
  });
});

describe('media', () => {
  it('must be files that are there and not empty', async () => {
    const files = { 'empty.mp4': '', 'folder/x': '' };
    const rows = ['absent.mp4', 'empty.mp4', 'folder', 'https://example.org/a.mp4'].map((video, id) => ({ id, video }));
    expect(await problems(rows, {}, files)).toEqual([
      expect.stringMatching(
        /^1 bad-media: "absent.mp4" is not there \(looked for .*absent.mp4\) \| paths are relative/,
      ),
      '2 bad-media: "empty.mp4" is an empty file',
      '3 bad-media: "folder" is no file',
      '4 bad-media: "https://example.org/a.mp4" is an address; media are files | download it and write its path',
    ]);
  });

  it('may not leave the root, by dots, by an absolute path or through a link', async () => {
    const folder = folderWith({ 'secret.mp4': 'x', 'set/inside.mp4': 'y' });
    symlinkSync(join(folder, 'secret.mp4'), join(folder, 'set', 'link.mp4'));
    symlinkSync(join(folder, 'set', 'inside.mp4'), join(folder, 'set', 'fine.mp4'));
    const videos = ['../secret.mp4', join(folder, 'secret.mp4'), 'link.mp4', 'fine.mp4'];
    writeFileSync(join(folder, 'set', 'rows.jsonl'), videos.map((video, id) => row({ id, video })).join('\n'));
    const spec = { path: 'set/rows.jsonl', onError: 'skip' } as const;
    const inManifest = await load(folder, spec);
    expect(inManifest.rejected.map(({ line, reason }) => [line, /lies outside/.test(reason)])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
    expect(inManifest.prompts.map((prompt) => prompt.id)).toEqual(['rows/3']);

    mkdirSync(join(folder, 'other'));
    const wider = await load(folder, { ...spec, root: '.' });
    // Paths are relative to the root now: the absolute one is inside it, the others are not there.
    expect(wider.prompts.map((prompt) => prompt.id)).toEqual(['rows/1']);
  });

  it('are found by a root of their own, also when that root is itself a link', async () => {
    const folder = folderWith({ 'disk/clip.mp4': 'x', 'rows.jsonl': row({ video: 'clip.mp4' }) });
    symlinkSync(join(folder, 'disk'), join(folder, 'media'));
    const { prompts } = await load(folder, { path: 'rows.jsonl', root: 'media' });
    expect(prompts[0]?.media[0]?.path).toBe(join(folder, 'disk', 'clip.mp4'));
  });
});

describe('a manifest', () => {
  it('may have a byte order mark, carriage returns and no last line break', async () => {
    const { prompts } = await loadRows(
      [],
      {},
      { 'rows.jsonl': `\ufeff${row({ id: 1 })}\r\n${row({ id: 2, question: 'Où est-ce ? 東京 🙂' })}` },
    );
    expect(prompts.map((prompt) => prompt.id)).toEqual(['rows/1', 'rows/2']);
    expect(prompts[1]?.question).toBe('Où est-ce ? 東京 🙂');
  });

  it('that is empty, missing or too short is an error', async () => {
    expect(await problems([])).toEqual([expect.stringMatching(/^- empty-dataset: .*rows.jsonl holds no rows/)]);
    expect(await problems([row()], { path: 'absent.jsonl' })).toEqual([
      expect.stringContaining('missing-manifest: there is no manifest'),
    ]);
    expect(await problems([row()], { minimum: 2 })).toEqual([
      expect.stringMatching(/^- too-few-rows: .*rows.jsonl has 1 usable rows, at least 2 are needed/),
    ]);
  });

  it('is read up to its limit', async () => {
    const { prompts } = await loadRows([{ id: 1 }, { id: 2 }, { id: 3, answer: null }], { limit: 2 });
    expect(prompts.map((prompt) => prompt.id)).toEqual(['rows/1', 'rows/2']);
  });

  it('longer than one chunk keeps its line numbers', async () => {
    const rows = Array.from({ length: 3000 }, (_, id) => ({ id, question: `${id} ${'é'.repeat(50)}?` }));
    const { prompts, rejected } = await loadRows([...rows, { id: 0 }], { onError: 'skip' });
    expect(prompts).toHaveLength(3000);
    expect(rejected).toEqual([expect.objectContaining({ line: 3001, code: 'duplicate-id' })]);
  });
});
