import { existsSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSearch, openSearchBuilder, type RolloutRow, searchTerms } from '../../../orchestrator/store/index.js';
import { compiledStore, runNode } from './child.js';
import { newRun, rowOf, storeWithRun } from './rows.js';

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
  const places = (query: string, run = runId) => [...search.find(run, query).ids].sort();
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
  expect([search.indexed(runId), search.find(runId, 'red').ids.length]).toEqual([420, 420]);
  search.close();
  rmSync(compiled, { recursive: true });
});

test('rollouts of a removed run are not found under the numbers they leave behind', () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  store.commitUnit(id, 'u', [saying('p1', 0, 'old')]);
  index();
  const search = openSearch(file);
  expect(search.find(runId, 'old').ids.length).toBe(1);
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
  expect([search.find(again, 'old').ids.length, search.find(again, 'new').ids.length]).toEqual([0, 1]);
  search.close();
});

test('without an index nothing is found, and nothing is made', () => {
  const search = openSearch(made.file);
  expect([search.find(1, 'x').ids.length, search.indexed(1)]).toEqual([0, 0]);
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
      expect(search.find(runId, query).ids.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 500 },
  );
  for (const query of ['"', '*', 'a OR b', 'NEAR(a b)', 'run : x', '-a', "'; DROP TABLE words; --", '{text}: a', '\0'])
    expect(() => search.find(runId, query)).not.toThrow();
  for (const query of ['', '"', '*', '. ,']) expect(search.find(runId, query).ids).toHaveLength(0);
  search.close();
  expect(searchTerms('red "box is" cir*')).toBe('("red" AND "box is" AND "cir"*)');
  const words: Record<string, string[]> = { cir: ['circle', 'circus'] };
  expect(searchTerms('Cir* "a cir" ci*', (prefix) => words[prefix])).toBe(
    '(("circle" OR "circus") AND "a cir" AND "ci"*)',
  );
});

test('the words that a prefix stands for are those of the index, also with letters that are folded, and of other runs', () => {
  const { store, runId, file } = made;
  const { id } = store.startStage(runId, 'filter', 'k');
  const texts = ['Circus', 'circ', 'cïrcle', 'cir', 'circé', 'crc', 'cirque', 'circz'];
  store.commitUnit(
    id,
    'u',
    texts.map((text, place) => saying('p1', place, text)),
  );
  index();
  const search = openSearch(file);
  const places = (query: string) => [...search.find(runId, query).ids].map((rollout) => rollout - 1);
  expect(places('circ*')).toEqual([0, 1, 2, 4, 7]);
  expect(places('CIR*')).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(places('cïr*')).toEqual([0, 1, 2, 3, 4, 6, 7]);
  expect(places('circ* cirq*')).toEqual([]);
  expect(places('circx*')).toEqual([]);
  search.close();
});

test.each([
  ['alone', 0],
  ['among those of another run', 3],
])(
  'what nearly all rollouts have is answered by those that have it not, when all that is known is indexed: %s',
  (_, more) => {
    const { store, runId, file } = made;
    const other = store.createRun({ ...newRun, name: 'other', folder: 'other' });
    store.savePrompts(other, 'train', made.prompts);
    const [stage, second] = [runId, other].map((run) => store.startStage(run, 'filter', `k${run}`).id) as [
      number,
      number,
    ];
    const ROWS = 4000;
    const texts: (string | null)[] = [null];
    const commit = (to: number, unit: number, names: readonly string[]) =>
      store.commitUnit(
        to,
        `u${unit}`,
        names.map((text, place) => saying('p1', unit + place, text)),
      );
    for (let done = 0; done < ROWS; done += 1000) {
      const names = Array.from({ length: 1000 }, (_, place) => ((done + place) % 7 === 3 ? '-' : 'lamp'));
      commit(stage, done, names);
      texts.push(...names);
      commit(second, done, Array(more).fill('lamp'));
      texts.push(...Array(more).fill(null));
    }
    expect(index(5000)).toBe(ROWS + more * 4);
    const idsOf = (text: string) => texts.flatMap((own, id) => (own === text ? [id] : []));
    const last = texts.findLastIndex((text) => text !== null);
    const search = openSearch(file);
    const find = (query: string, end: number) => {
      const { ids, inverted } = search.find(runId, query, new Map([[stage, end]]));
      return { inverted, ids: [...ids] };
    };
    for (const query of ['lamp', 'lam*']) expect(find(query, last)).toEqual({ inverted: true, ids: idsOf('-') });
    expect(find('lamp', last + 1)).toEqual({ inverted: false, ids: idsOf('lamp') });
    expect(find('-', last)).toEqual({ inverted: false, ids: [] });
    expect(find('"is p1"', last)).toEqual({ inverted: true, ids: [] });
    expect(search.find(runId, 'lamp').inverted).toBe(false);
    // What was found is kept, but not for those who know more.
    expect(find('lamp', last).inverted).toBe(true);
    expect(find('lamp', last + 1).inverted).toBe(false);
    expect(search.find(other, 'lamp').ids).toHaveLength(4 * more);
    search.close();
  },
);
