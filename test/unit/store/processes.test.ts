import { once } from 'node:events';
import { copyFileSync as copyFile, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { type OpenOptions, openStore } from '../../../orchestrator/store/index.js';
import { compiledStore, inChild } from './child.js';
import { newRun, prompts, rowOf, storeWithRun } from './rows.js';

const compiled = compiledStore();
afterAll(() => rmSync(compiled, { recursive: true }));

const ROWS = 40;
const LATER = [1, 2, 3, 4, 5, 6, 7, 8].map((prompt) => rowOf(`p${prompt}`, 0));
const FAILURE = { set: 'train', promptId: 'p2', index: 0, code: 'media', message: 'no frames' };

/** Small, so that a commit is a log of few bytes; a store that is there keeps its page size. */
const SMALL = 512;
/** Of the stores that vauto makes. */
const NEW = 32_768;

/** Run 1 with an empty log and a stage under way, in a store with pages of this size. */
function storeWithPages(pageBytes: number) {
  const file = join(mkdtempSync(join(tmpdir(), 'vauto-pages-')), 'vauto.db');
  const db = new Database(file);
  db.pragma(`page_size = ${pageBytes}`);
  db.exec('VACUUM');
  db.close();
  const made = openStore(file);
  const runId = made.createRun(newRun);
  made.savePrompts(runId, 'train', prompts(10));
  const { id } = made.startStage(runId, 'filter', 'k');
  made.close();
  return { store: openStore(file), file, id };
}

test('a writer killed in the middle leaves whole units only, and the next process goes on', {
  timeout: 60_000,
}, async () => {
  const { store, file, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'filter', 'k');
  store.close();
  let units = 0;
  for (const [round, delay] of [15, 3, 40, 8].entries()) {
    const child = inChild(
      compiled,
      `const store = openStore(${JSON.stringify(file)});
       const row = ${JSON.stringify(rowOf('p0', 0))};
       for (let unit = 0; ; unit += 1) {
         const rows = Array.from({ length: ${ROWS} }, (_, i) => ({ ...row, rollout: { ...row.rollout, index: ${round * 1_000_000} + unit * ${ROWS} + i } }));
         store.commitUnit(${id}, 'unit-${round}-' + unit, rows);
         if (unit === 2) console.log('under way');
       }`,
    );
    await Promise.race([once(child.stdout, 'data'), child.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
    await new Promise((resolve) => setTimeout(resolve, delay));
    child.kill('SIGKILL');
    await child;

    const again = openStore(file);
    const committed = again.committedUnits(id).size;
    expect(committed).toBeGreaterThanOrEqual(units + 3);
    expect(again.ledger(runId).stages[0]).toMatchObject({ units: committed, rollouts: committed * ROWS, lost: 0 });
    for (const row of again.stageRows(id)) expect(row.verdicts.second?.correct === true && row.reward?.total).toBe(2.1);
    units = committed;
    again.close();
  }
});

test('a log cut at any byte of its last commit opens at the commit before', { timeout: 120_000 }, () => {
  const { store, file, id } = storeWithPages(SMALL);
  store.commitUnit(id, 'u0', [rowOf('p0', 0)]);
  const whole = statSync(`${file}-wal`).size;
  store.commitUnit(id, 'u1', LATER, [FAILURE]);
  const end = statSync(`${file}-wal`).size;
  // Copies of file and log while the writer is alive are what a power cut leaves.
  const copy = join(mkdtempSync(join(tmpdir(), 'vauto-torn-')), 'vauto.db');
  for (const suffix of ['', '-wal']) copyFile(`${file}${suffix}`, `${copy}${suffix}`);
  const seen = (options: OpenOptions) => {
    const torn = openStore(copy, options);
    try {
      const { lost, rollouts, failures } = torn.ledger(1);
      return `${[...torn.committedUnits(id)]}: ${rollouts} rollouts, ${failures} failures, ${lost} lost`;
    } finally {
      torn.close();
    }
  };
  const before = 'u0: 1 rollouts, 0 failures, 0 lost';
  expect(seen({ readonly: true })).toBe('u0,u1: 9 rollouts, 1 failures, 0 lost');
  expect(end - whole).toBeGreaterThan(5000);
  for (let size = end - 1; size >= whole; size -= 1) {
    truncateSync(`${copy}-wal`, size);
    // A reader leaves the copy as it is, so that it can be cut again.
    if (seen({ readonly: true }) !== before) expect(`cut at ${size}: ${seen({ readonly: true })}`).toBe(before);
  }
  expect(seen({})).toBe(before);
  store.close();
});

test.each([SMALL, NEW])(
  'a writer takes a store with pages of %i up from a torn log, and goes on with it',
  (pageBytes) => {
    const { store, file, id } = storeWithPages(pageBytes);
    store.commitUnit(id, 'u0', [rowOf('p0', 0)]);
    const whole = statSync(`${file}-wal`).size;
    store.commitUnit(id, 'u1', [rowOf('p1', 0)], [FAILURE]);
    const end = statSync(`${file}-wal`).size;
    for (const cut of [1, 24, 25, pageBytes, pageBytes + 24, pageBytes + 25, end - whole - 1, end - whole]) {
      const copy = join(mkdtempSync(join(tmpdir(), 'vauto-torn-')), 'vauto.db');
      for (const suffix of ['', '-wal']) copyFile(`${file}${suffix}`, `${copy}${suffix}`);
      truncateSync(`${copy}-wal`, end - cut);
      const torn = openStore(copy);
      expect([...torn.committedUnits(id)], `cut by ${cut}`).toEqual(['u0']);
      torn.commitUnit(id, 'u1', [rowOf('p1', 0)], [FAILURE]);
      expect(torn.ledger(1)).toMatchObject({ rollouts: 2, failures: 1, lost: 0 });
      torn.close();
    }
    store.close();
  },
);

test('processes that start together on a new file find one schema, and wait for each other', {
  timeout: 60_000,
}, async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'vauto-many-')), 'runs', 'vauto.db');
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      inChild(
        compiled,
        `const store = openStore(${JSON.stringify(file)});
         const run = store.createRun({ name: 'r${index}', recipeText: '', recipe: {}, folder: 'r${index}', seed: 1, environment: {} });
         for (let i = 0; i < 100; i += 1) store.addEvent(run, { level: 'info', kind: 'tick', message: String(i) });`,
      ),
    ),
  );
  expect(results.map(({ exitCode, stderr }) => `${exitCode} ${stderr}`)).toEqual(Array(8).fill('0 '));
  const store = openStore(file, { readonly: true });
  expect(store.listRuns().map((run) => store.events(run.id).length)).toEqual(Array(8).fill(100));
});
