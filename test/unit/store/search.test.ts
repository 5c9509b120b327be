import { existsSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Found,
  openSearch,
  openSearchBuilder,
  type RolloutRow,
  searchTerms,
} from '../../../orchestrator/store/index.js';
import { compiledStore, runNode } from './child.js';
import { rowOf, storeWithRun } from './rows.js';

let made: ReturnType<typeof storeWithRun>;
beforeEach(() => {
  made = storeWithRun();
});
afterEach(() => {
  made.store.close();
  rmSync(made.folder, { recursive: true });
});

function saying(promptId: string, index: number, text: string): RolloutRow {
  const row = rowOf(promptId, index);
  return { ...row, rollout: { ...row.rollout, text: `${text} ${row.rollout.text}` } };
}

function idsOf({ first, has }: Found): number[] {
  return [...has].flatMap((byte, place) => (byte === 1 ? [first + place] : []));
}

/** Indexes everything, a few rows at a time. */
function index(limit = 2): number {
  const builder = openSearchBuilder(made.file);
  let rows = 0;
  for (let some = builder.advance(limit); some > 0; some = builder.advance(limit)) rows += some;
  builder.close();
  return rows;
}

test('finds words, phrases and beginnings in completions and questions, of one run', () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  const texts = ['a quick brown fox', 'a brown quick fox', 'Überraschung am Abend'];
  store.commitUnit(
    id,
    'u',
    texts.map((text, place) => saying('p1', place, text)),
  );
  store.commitUnit(id, 'v', [saying('p2', 0, 'nothing')]);
  expect(index()).toBe(4);
  const search = openSearch(file);
  const places = (query: string, run = runId) => idsOf(search.find(run, query));
  expect(places('quick fox')).toEqual([1, 2]);
  expect(places('"quick brown"')).toEqual([1]);
  expect(places('uberr*')).toEqual([3]);
  expect(places('"What is p2"')).toEqual([4]);
  expect(places('fox p2')).toEqual([]);
  expect(places('quick', runId + 1)).toEqual([]);
  expect(search.indexed(runId)).toBe(4);
  search.close();
});

test('goes on where it stopped', () => {
  const { store, runId } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  store.commitUnit(id, 'u', [rowOf('p1', 0), rowOf('p1', 1), rowOf('p1', 2)]);
  expect(index()).toBe(3);
  expect(index()).toBe(0);
  store.commitUnit(id, 'v', [rowOf('p2', 0)]);
  expect(index()).toBe(1);
});

test('a stage that grows all the time does not keep the others waiting', () => {
  const { store, runId, file } = made;
  const [old, young] = ['filter', 'train'].map((name) => store.startStage(runId, name, 'k').id) as [number, number];
  store.commitUnit(
    old,
    'u',
    [0, 1, 2, 3].map((place) => rowOf('p1', place)),
  );
  const builder = openSearchBuilder(file);
  for (let turn = 0; turn < 4; turn += 1) {
    store.commitUnit(young, `u${turn}`, [rowOf('p2', turn)]);
    builder.advance(2);
  }
  builder.close();
  const search = openSearch(file);
  expect(search.indexed(runId)).toBe(8);
  search.close();
});

test('several processes index at once: every rollout once, and the store can be written to meanwhile', async () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  for (let unit = 0; unit < 40; unit += 1)
    store.commitUnit(
      id,
      `u${unit}`,
      made.prompts.map((prompt) => rowOf(prompt.id, unit)),
    );
  const compiled = compiledStore();
  const script = `import { openSearchBuilder } from '${compiled}/store/index.js';
    const builder = openSearchBuilder(${JSON.stringify(file)});
    let rows = 0;
    for (let some = 1; some > 0; rows += some) some = builder.advance(7);
    builder.close();
    console.log(rows);`;
  const children = [0, 1, 2].map(() => runNode(compiled, script));
  for (let unit = 40; unit < 60; unit += 1) store.commitUnit(id, `u${unit}`, [rowOf('p1', unit)]);
  const done = await Promise.all(children);
  expect(done.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual([0, 1, 2].map(() => [0, '']));
  const late = index();
  expect(late + done.reduce((sum, { stdout }) => sum + Number(stdout), 0)).toBe(420);
  const search = openSearch(file);
  expect([search.indexed(runId), idsOf(search.find(runId, 'red')).length]).toEqual([420, 420]);
  search.close();
  rmSync(compiled, { recursive: true });
});

test('rollouts of a removed run are not found under the numbers they leave behind', () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  store.commitUnit(id, 'u', [saying('p1', 0, 'old')]);
  index();
  const search = openSearch(file);
  expect(idsOf(search.find(runId, 'old')).length).toBe(1);
  store.removeRun(runId);
  const again = store.createRun({
    name: 'again',
    recipeText: '',
    recipe: {},
    folder: 'again',
    seed: 1,
    environment: {},
  });
  store.savePrompts(again, 'train', made.prompts);
  const stage = store.startStage(again, 'filter', 'k');
  store.commitUnit(stage.id, 'u', [saying('p1', 0, 'new')]);
  index();
  expect([idsOf(search.find(again, 'old')).length, idsOf(search.find(again, 'new')).length]).toEqual([0, 1]);
  search.close();
});

test('without an index nothing is found, and nothing is made', () => {
  const search = openSearch(made.file);
  expect([idsOf(search.find(1, 'x')).length, search.indexed(1)]).toEqual([0, 0]);
  expect(existsSync(made.file.replace('.db', '.search.db'))).toBe(false);
  search.close();
});

test('whatever is typed is a search and no error', () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  store.commitUnit(id, 'u', [rowOf('p1', 0)]);
  index();
  const search = openSearch(file);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (query) => {
      expect(idsOf(search.find(runId, query)).length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 500 },
  );
  for (const query of ['"', '*', 'a OR b', 'NEAR(a b)', 'run : x', '-a', "'; DROP TABLE words; --", '{text}: a', '\0'])
    expect(() => search.find(runId, query)).not.toThrow();
  for (const query of ['', '"', '*', '. ,']) expect(idsOf(search.find(runId, query))).toEqual([]);
  search.close();
  expect(searchTerms('red "box is" cir*')).toBe('("red" AND "box is" AND "cir"*)');
  const words: Record<string, string[]> = { Cir: ['circle', 'circus'] };
  expect(searchTerms('Cir* "a cir" ci*', (prefix) => words[prefix])).toBe(
    '(("circle" OR "circus") AND "a cir" AND "ci"*)',
  );
});

test('the words that a prefix stands for are those of the index, also with letters that are folded, and of other runs', () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  const texts = [
    'Circus',
    'circ',
    'cïrcle',
    'cir',
    'circé',
    'crc',
    'cirque',
    'circz',
    'λάμπα',
    'криво',
    'круг-зелёный',
  ];
  store.commitUnit(
    id,
    'u',
    texts.map((text, place) => saying('p1', place, text)),
  );
  index();
  const search = openSearch(file);
  const places = (query: string) => idsOf(search.find(runId, query)).map((rollout) => rollout - 1);
  expect(places('circ*')).toEqual([0, 1, 2, 4, 7]);
  expect(places('CIR*')).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(places('cïr*')).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(places('circ* cirq*')).toEqual([]);
  expect(places('circx*')).toEqual([]);
  // Folded as the index does it: accents that stand by themselves, other scripts, several words.
  expect(places('ci\u0308R*')).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(places('ΛΆΜ*')).toEqual([8]);
  expect(places('кри́*')).toEqual([9]);
  expect(places('круг-зел*')).toEqual([10]);
  search.close();
});

test('an index of another version of vauto is made anew', () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  store.commitUnit(id, 'u', [rowOf('p1', 0), rowOf('p1', 1)]);
  expect(index()).toBe(2);
  const search = openSearch(file);
  expect(idsOf(search.find(runId, 'red'))).toEqual([1, 2]);
  const db = new Database(file.replace('.db', '.search.db'));
  db.pragma('user_version = 1');
  db.close();
  const other = openSearch(file);
  expect([idsOf(other.find(runId, 'red')), other.indexed(runId)]).toEqual([[], 0]);
  expect(index()).toBe(2);
  for (const one of [search, other]) {
    expect(idsOf(one.find(runId, 'red'))).toEqual([1, 2]);
    one.close();
  }
});
