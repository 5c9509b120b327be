import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { type Ends, openSearch, openSearchBuilder, type SearchIndex } from '../../../orchestrator/store/index.js';
import { BLOCK, IndexFile, searchFile } from '../../../orchestrator/store/search/file.js';
import { finishParts, type Parted, parted, takeParts } from '../../../orchestrator/store/search/parts.js';
import { compiledStore } from './child.js';
import { newRun, rowOf, storeWithRun } from './rows.js';

/** Rollouts that lie together. */
const TURN = 9000;
/** Of the first turn, those that are not indexed in one of the stores. */
const LEFT = 10;
/** Each is in all rollouts but every so-many-th; `rare` in those alone. */
const WORDS = { red: 2, green: 3, lamp: 7, cyan: 50, rare: 500 };

const compiled = compiledStore();
const stores = {
  alone: storeOf(['first', 'first']),
  'with those of another run between': storeOf(['first', 'other', 'first']),
  'of two stages, not all of them indexed': storeOf(['first', 'second', 'first'], 1 + 2 * TURN - LEFT),
};
afterAll(() => {
  for (const { store, folder } of Object.values(stores)) {
    store.close();
    rmSync(folder, { recursive: true });
  }
  rmSync(compiled, { recursive: true });
});

/** A run whose rollouts lie in two blocks. `turns`: whose they are, as many each time. `limit`: so many are indexed. */
function storeOf(turns: readonly ('first' | 'second' | 'other')[], limit = Number.POSITIVE_INFINITY) {
  const made = storeWithRun();
  const { store, runId, prompts, file } = made;
  const other = store.createRun({ ...newRun, name: 'other', folder: 'other' });
  store.savePrompts(other, 'train', prompts);
  const stages = {
    first: store.startStage(runId, 'filter', 'k').id,
    second: store.startStage(runId, 'train', 'k').id,
    other: store.startStage(other, 'filter', 'k').id,
  };
  const start = BLOCK - 8500;
  numberFrom(made, stages.other, start);
  const texts = new Map<number, string>();
  for (const [turn, whose] of turns.entries()) {
    const rows = Array.from({ length: TURN }, (_, place) => saying(turn * TURN + place));
    store.commitUnit(stages[whose], `u${turn}`, rows);
    if (whose !== 'other')
      for (const [place, { rollout }] of rows.entries()) texts.set(start + turn * TURN + place, rollout.text);
  }
  const builder = openSearchBuilder(file);
  // The newest stage first: one rollout of the other run, the second stage, the first.
  for (let rows = 0; rows < limit; ) {
    const some = builder.advance(Math.min(5000, limit - rows));
    if (some === 0) break;
    rows += some;
  }
  builder.close();
  const own = (['first', 'second'] as const).filter((stage) => turns.includes(stage));
  const ends = new Map(own.map((stage) => [stages[stage], start + (turns.lastIndexOf(stage) + 1) * TURN - 1]));
  /** Of a caller who knows no more than is indexed. */
  const less = new Map([...ends, [stages.first, start + TURN - LEFT - 1]]);
  /** Of the first stage, which comes last, the rest is not indexed. */
  const indexed =
    limit === Number.POSITIVE_INFINITY ? texts : new Map([...texts].filter((_, place) => isIndexed(place)));
  return { ...made, texts, indexed, ends, less };
}

/** The next rollout gets this number. */
function numberFrom({ store, file }: ReturnType<typeof storeWithRun>, stage: number, id: number): void {
  store.commitUnit(stage, 'first', [rowOf('p9', 0)]);
  const db = new Database(file);
  db.prepare('UPDATE rollouts SET id = ?').run(id - 1);
  db.close();
}

function saying(nth: number) {
  const row = rowOf('p1', nth);
  const words = Object.entries(WORDS).filter(([word, every]) => (nth % every === 0) === (word === 'rare'));
  return { ...row, rollout: { ...row.rollout, text: words.map(([word]) => word).join(' ') } };
}

/** Most have some of them, many others, few the rest; all have the question. */
const QUERIES = [
  'red',
  'lamp',
  'cyan',
  'rare',
  'absent',
  'gre*',
  'red lamp',
  '"red lamp"',
  '"lamp rare"',
  '"What is p1"',
];

function expected(texts: ReadonlyMap<number, string>, query: string): number[] {
  const terms = query.startsWith('"') ? [query.slice(1, -1)] : query.replace('*', '').split(' ');
  return [...texts].flatMap(([id, text]) => (terms.every((term) => `${text} What is p1?`.includes(term)) ? [id] : []));
}

type Made = ReturnType<typeof storeOf>;

function found({ runId, texts }: Made, search: SearchIndex, query: string, ends?: Ends): number[] {
  const { first, has } = search.find(runId, query, ends);
  return [...texts.keys()].filter((id) => has[id - first] === 1);
}

describe.each(Object.entries(stores))('a run in two blocks, %s', (_, made) => {
  const { file, indexed, ends, less } = made;
  /** What the caller knows: nothing, all, more than all. */
  const known = [undefined, ends, new Map([...ends].map(([stage, end]) => [stage, end + 1]))];

  test.each([0, 1, 3])('with %i threads that help, every search finds what is there', async (helpers) => {
    const { openSearch: open } = (await import(join(compiled, 'store', 'index.js'))) as {
      openSearch: typeof openSearch;
    };
    const search = open(file, { helpers });
    // The first search is asked before a helper is there.
    for (const [place, ends] of known.entries())
      for (const query of QUERIES) {
        // What was found for a caller who knows less is kept for those alone.
        search.find(made.runId, query, less);
        const ids = found(made, search, query, ends);
        expect([place, query, ids.length]).toEqual([place, query, expected(indexed, query).length]);
        expect(ids).toEqual(expected(indexed, query));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    search.close();
  });

  test('helpers that cannot start are done without', async () => {
    // The sources are not compiled: the file of the thread is not there.
    const search = openSearch(file, { helpers: 2 });
    for (const query of QUERIES) {
      expect(found(made, search, query)).toEqual(expected(indexed, query));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    search.close();
  });
});

/** By its place among the run's rollouts. */
function isIndexed(place: number): boolean {
  return place < 2 * TURN && !(place >= TURN - LEFT && place < TURN);
}

describe('the parts of a search', () => {
  const { file, texts } = stores.alone;
  const index = new IndexFile(searchFile(file));
  afterAll(() => index.close());
  const opened = () => {
    const db = index.open();
    if (db === undefined) throw new Error('there is no index');
    return db;
  };
  const [first, last] = [Math.min(...texts.keys()), Math.max(...texts.keys())];
  const search = (terms = '"red"') => parted({ terms, first, last, by: { bounded: true, inverted: false } });
  const stateOf = ({ state }: Parted) => [...state];
  const count = ({ has }: Parted) => has.reduce((sum, byte) => sum + byte, 0);
  /** Every second one is red. */
  const ALL = TURN;

  test('a helper takes all that nobody else takes, but not from an index that was made anew', async () => {
    opened();
    const worker = new Worker(join(compiled, 'store', 'search', 'helper-thread.js'), { workerData: index.file });
    await once(worker, 'online');
    const [old, now] = [search(), search()];
    worker.postMessage({ search: old, inode: (index.inode ?? 0) + 1 });
    worker.postMessage({ search: now, inode: index.inode });
    for (const part of [1, 2]) expect(Atomics.wait(now.state, part, 0, 20_000)).not.toBe('timed-out');
    expect([count(now), stateOf(now).slice(1)]).toEqual([ALL, [1, 1]]);
    expect([count(old), stateOf(old)]).toEqual([0, [0, 0, 0]]);
    await worker.terminate();
  });

  test.each([
    ['failed at', 2],
    ['never ended', 0],
  ])('what another thread took and %s is done', (_, state) => {
    const shared = search();
    Atomics.store(shared.state, 0, 1);
    Atomics.store(shared.state, 1, state);
    takeParts(opened(), shared);
    expect(stateOf(shared).slice(1)).toEqual([state, 1]);
    expect(count(shared)).toBe((2 * TURN - 8500) / 2);
    finishParts(opened(), shared);
    expect(count(shared)).toBe(ALL);
  });

  test('an error is told by the thread that asks', () => {
    const broken = search('"');
    expect(() => takeParts(opened(), broken)).toThrow('unterminated string');
    expect(stateOf(broken)).toEqual([1, 2, 0]);
    expect(() => finishParts(opened(), broken)).toThrow('unterminated string');
  });
});
