import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type UserError, UserErrors } from '../../../orchestrator/errors.js';
import {
  leftOutOf,
  leftOutText,
  loadData,
  promptsOf,
  recordLeftOut,
} from '../../../orchestrator/pipeline/load-data.js';
import { loadRecipe } from '../../../orchestrator/recipe/index.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { CLIP, folderWith, row } from '../data/fixture.js';
import { newRun } from '../store/rows.js';

const HEAD = 'version: 1\nname: r\nmodel: {path: model}\n';

/** Loads the data of a recipe with these `data` lines, in a folder with these files. */
async function loadSets(data: string, files: Readonly<Record<string, string>>) {
  const folder = folderWith({ 'model/config.json': '{}', 'r.yaml': `${HEAD}data:\n${data}`, ...CLIP, ...files });
  const loaded = await loadRecipe(join(folder, 'r.yaml'), { sets: [] });
  const hashCache = join(folder, 'runs', 'media-hashes.json');
  return { folder, hashCache, load: () => loadData(loaded, { hashCache }) };
}

async function errorsOf(work: Promise<unknown>): Promise<readonly UserError[]> {
  const error = await work.catch((reason: unknown) => reason);
  if (error instanceof UserErrors) return error.errors;
  throw error;
}

const place = ({ code, place: at }: UserError) => `${at?.file.split('/').at(-1)}:${at?.line}:${at?.column} ${code}`;

describe('bad rows', () => {
  it('of all sets are told together, each with its place', async () => {
    const { load } = await loadSets(
      '  train: [{path: a.jsonl}]\n  benchmarks: [{name: b, path: b.jsonl}, {name: c, path: c.jsonl}]\n',
      {
        'a.jsonl': `${row({ id: 1 })}\n${row({ id: 2, answer: undefined })}\n`,
        'b.jsonl': `${row({ id: 1, answer: null })}\n`,
        'c.jsonl': '',
      },
    );
    expect((await errorsOf(load())).map(place)).toEqual([
      'a.jsonl:2:1 bad-answer',
      'b.jsonl:1:37 bad-answer',
      'c.jsonl:undefined:undefined empty-dataset',
    ]);
  });

  it('of sources that skip them are listed by set, and recorded once', async () => {
    const { folder, load } = await loadSets(
      '  train: [{path: a.jsonl, onError: skip}]\n  benchmarks: [{name: b, path: b.jsonl, onError: skip}]\n',
      {
        'a.jsonl': [row({ id: 1 }), row({ id: 1 }), row({ id: 2, video: 'gone.mp4' })].join('\n'),
        'b.jsonl': `{\n${row({ id: 1 })}`,
      },
    );
    const sets = await load();
    expect([...promptsOf(sets)].map(([set, list]) => [set, list.length])).toEqual([
      ['train', 1],
      ['benchmark:b', 1],
    ]);
    const rows = leftOutOf(sets);
    expect(rows.map(({ set, line }) => [set, line])).toEqual([
      ['train', 2],
      ['train', 3],
      ['benchmark:b', 1],
    ]);
    expect(leftOutText(rows)).toBe('2 rows were left out of train, 1 row of benchmark:b');

    const store = openStore(':memory:');
    const run = { id: store.createRun({ ...newRun, folder }), folder };
    const message = '2 rows were left out of train, 1 row of benchmark:b; listed in rejected.jsonl';
    for (let time = 0; time < 2; time += 1) expect(recordLeftOut(store, run, sets)).toEqual([message]);
    expect(store.events(run.id)).toEqual([
      expect.objectContaining({
        level: 'warning',
        kind: 'rejected-rows',
        message,
        data: { train: 2, 'benchmark:b': 1 },
      }),
    ]);
    const listed = readFileSync(join(folder, 'rejected.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(listed).toEqual(rows);
    expect(Object.keys(listed[0])).toEqual(['set', 'file', 'line', 'reason']);

    // Mended data: the list of an earlier start does not stay.
    const mended = new Map([...sets].map(([set, read]) => [set, read.map((source) => ({ ...source, rejected: [] }))]));
    expect(recordLeftOut(store, run, mended)).toEqual([]);
    expect(existsSync(join(folder, 'rejected.jsonl'))).toBe(false);
    store.close();
  });
});

describe('maxRejected', () => {
  const sets = (most: number) =>
    `  train: [{path: a.jsonl, maxRejected: ${most}}]\n  benchmarks: [{name: b, path: b.jsonl}]\n`;
  const bad = (id: number) => row({ id, answer: null });
  const files = {
    'a.jsonl': [
      row({ id: 1 }),
      bad(2),
      row({ id: 3 }),
      row({ id: 1 }),
      ...[4, 5, 6, 7, 8, 9].map((id) => row({ id })),
    ].join('\n'),
    'b.jsonl': row(),
  };

  it.each([2, 0.2, 1000])('%d leaves 2 bad rows of 10 out, listed and told once', async (most) => {
    const { folder, load } = await loadSets(sets(most), files);
    const read = await load();
    expect(promptsOf(read).get('train')).toHaveLength(8);
    const store = openStore(':memory:');
    const run = { id: store.createRun({ ...newRun, folder }), folder };
    const message = '2 rows were left out of train; listed in rejected-train.jsonl';
    for (let time = 0; time < 2; time += 1) expect(recordLeftOut(store, run, read)).toEqual([message]);
    expect(store.events(run.id)).toMatchObject([
      { level: 'warning', kind: 'rejected-rows', message, data: { train: 2 } },
    ]);
    const listed = readFileSync(join(folder, 'rejected-train.jsonl'), 'utf8').trim().split('\n');
    expect(listed.map((line) => JSON.parse(line))).toMatchObject([
      { set: 'train', line: 2, reason: 'the row has no answer' },
      { set: 'train', line: 4, reason: 'the id "1" stands in line 1 already' },
    ]);
    expect(existsSync(join(folder, 'rejected.jsonl'))).toBe(false);
    store.close();
  });

  it.each([1, 0.19])('%d stops with all problems', async (most) => {
    const { load } = await loadSets(sets(most), files);
    const errors = await errorsOf(load());
    expect(errors.map(({ code }) => code)).toEqual(['bad-answer', 'duplicate-id', 'too-many-rejected']);
    expect(errors[2]?.message).toBe(`2 of 10 rows cannot be used; maxRejected is ${most}`);
  });

  it('0 is what is so without it', async () => {
    const { load } = await loadSets(sets(0), files);
    expect((await errorsOf(load())).map(({ code }) => code)).toEqual(['bad-answer', 'duplicate-id']);
  });

  it.each([
    ['maxRejected: 1.5', 'a whole number, or a share below 1 is needed'],
    ['maxRejected: -1', 'maxRejected'],
    ['maxRejected: 3, onError: skip', 'is a limit, but onError: skip leaves out any number'],
  ])('%s is refused with the recipe', async (keys, message) => {
    const data = `  train: [{path: a.jsonl, ${keys}}]\n  benchmarks: [{name: b, path: b.jsonl}]\n`;
    const [error] = await errorsOf(loadSets(data, files));
    expect(error?.message).toContain(message);
  });
});

describe('ids', () => {
  const sets = (second: string) =>
    `  train: [{path: a/rows.jsonl}, {path: b/rows.jsonl${second}}]\n  benchmarks: [{name: one, path: a/rows.jsonl}]\n`;
  const rows = [row({ id: 1 }), row({ id: 2 })].join('\n');
  const files = { 'a/rows.jsonl': rows, 'b/rows.jsonl': rows };

  it('that two sources of a set would share are refused with the recipe', async () => {
    const [error] = await errorsOf(loadSets(sets(''), files));
    expect(error).toMatchObject({ message: expect.stringContaining('the name "rows"'), place: { line: 5 } });
    expect(error?.place?.column).toBeGreaterThan(1);
  });

  it('are apart when the sources have names of their own, and may come again in another set', async () => {
    const { load } = await loadSets(sets(', name: other'), files);
    const prompts = promptsOf(await load());
    const ids = (set: string) => Array.from(prompts.get(set) ?? [], ({ id }) => id);
    expect(ids('train')).toEqual(['rows/1', 'rows/2', 'other/1', 'other/2']);
    expect(ids('benchmark:one')).toEqual(['one/1', 'one/2']);
  });
});

describe('media', () => {
  it('are hashed once for all sets and starts', async () => {
    const { load, hashCache, folder } = await loadSets(
      '  train: [{path: a.jsonl}]\n  benchmarks: [{name: b, path: a.jsonl}]\n',
      {
        'a.jsonl': row({ video: 'clip.mp4' }),
      },
    );
    await load();
    const kept = JSON.parse(readFileSync(hashCache, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(kept)).toEqual([resolve(folder, 'clip.mp4')]);
    const [prompt] = promptsOf(await load()).get('train') ?? [];
    expect(prompt?.media[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});
