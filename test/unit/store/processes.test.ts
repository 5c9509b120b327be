import { once } from 'node:events';
import { copyFileSync as copyFile, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openStore } from '../../../orchestrator/store/index.js';
import { compiledStore, inChild } from './child.js';
import { rowOf, storeWithRun } from './rows.js';

const compiled = compiledStore();
afterAll(() => rmSync(compiled, { recursive: true }));

const ROWS = 40;

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

test('a log cut anywhere opens at its last whole commit', () => {
  const { store, file, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'filter', 'k');
  const sizes = [0, 1, 2, 3].map((unit) => {
    store.commitUnit(
      id,
      `u${unit}`,
      Array.from({ length: 5 }, (_, index) => rowOf(`p${unit}`, index)),
    );
    return statSync(`${file}-wal`).size;
  });
  // Copies of file and log while the writer is alive are what a power cut leaves.
  for (const cut of [1, 100, 4096, (sizes[3] ?? 0) - (sizes[2] ?? 0) - 1]) {
    const folder = mkdtempSync(join(tmpdir(), 'vauto-torn-'));
    const copy = join(folder, 'vauto.db');
    for (const suffix of ['', '-wal']) copyFile(`${file}${suffix}`, `${copy}${suffix}`);
    truncateSync(`${copy}-wal`, (sizes[3] ?? 0) - cut);
    const torn = openStore(copy);
    expect(torn.committedUnits(id).size).toBe(3);
    expect(torn.ledger(runId)).toMatchObject({ rollouts: 15, stages: [{ lost: 0 }] });
    torn.close();
  }
});

test('processes that start together on a new file find one schema, and wait for each other', {
  timeout: 60_000,
}, async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'vauto-many-')), 'runs', 'vauto.db');
  const results = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      inChild(
        compiled,
        `const store = openStore(${JSON.stringify(file)});
         const run = store.createRun({ name: 'r${index}', recipeText: '', recipe: {}, folder: 'r${index}', seed: 1, environment: {} });
         for (let i = 0; i < 100; i += 1) store.addEvent(run, { level: 'info', kind: 'tick', message: String(i) });`,
      ),
    ),
  );
  expect(results.map(({ exitCode, stderr }) => `${exitCode} ${stderr}`)).toEqual(Array(4).fill('0 '));
  const store = openStore(file, { readonly: true });
  expect(store.listRuns().map((run) => store.events(run.id).length)).toEqual([100, 100, 100, 100]);
});
