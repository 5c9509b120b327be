import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { matrixCells } from '../../../../orchestrator/cli/matrix/cells.js';
import { poolRow } from '../../../../orchestrator/cli/matrix/pool.js';
import { rowOf as runRow } from '../../../../orchestrator/cli/matrix/rows.js';
import { pooledTable, runsTable } from '../../../../orchestrator/cli/matrix/table.js';
import { openStore, type Store } from '../../../../orchestrator/store/index.js';
import { newRun, prompts, rowOf } from '../../store/rows.js';

function emptyStore(): Store {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-matrix-'));
  const store = openStore(join(folder, 'vauto.db'));
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return store;
}

/** A run of ten questions a benchmark, of which the first `before`, later the first `after`, are answered rightly. */
function addRun(store: Store, name: string, before: number, after: number, finished = true): void {
  const run = store.createRun({ ...newRun, name, folder: name });
  store.savePrompts(run, 'train', prompts(3));
  for (const set of ['benchmark:reasoning', 'benchmark:perception']) store.savePrompts(run, set, prompts(10));
  for (const [stage, right] of [
    ['evaluate-before', before],
    ['evaluate', after],
  ] as const) {
    const { id } = store.startStage(run, stage, `${stage} of ${name}`);
    for (const set of ['benchmark:reasoning', 'benchmark:perception'])
      for (const pass of ['greedy', 'sampled'])
        store.commitUnit(
          id,
          `${set}/${pass}`,
          prompts(10).map((prompt, index) => ({
            ...rowOf(prompt.id, 0, set === 'benchmark:perception' || (pass === 'sampled' && index < right)),
            ...{ set, pass },
          })),
        );
    if (finished || stage === 'evaluate-before') store.finishStage(id, {}, []);
  }
}

const cells = matrixCells(['seed=7,8,9']);
const group = cells.map((cell, index) => ({ cell: { ...cell, variant: 'paper' }, run: `r${index + 7}` }));

test('runs are pooled on one benchmark or on all; one that is not done is missing', () => {
  const store = emptyStore();
  addRun(store, 'r7', 4, 8);
  addRun(store, 'r8', 4, 6);
  addRun(store, 'r9', 4, 4, false);
  const row = poolRow(store, group, 'seed', 'reasoning');
  expect(row).toMatchObject({
    ...{ variant: 'paper', values: {}, over: [7, 8], runs: ['r7', 'r8'], missing: ['r9'], pass: 'sampled' },
    second: { before: 0.4, n: 20, clusters: 10 },
    first: { before: 0, after: 0 },
    fallback: { after: 0 },
    tokens: { before: 3, after: 3, gain: 0 },
  });
  expect(row.second?.after).toBeCloseTo(0.7, 12);
  expect(row.second?.gain).toBeCloseTo(0.3, 12);
  expect(poolRow(store, group, 'seed', 'overall').second).toMatchObject({ before: 0.7, n: 20 });
  const text = pooledTable([row], 'seed', 'table');
  expect(text).toMatch(/^variant +a1 % +a2 % +a2 gain +95% interval +gain by seed +fallback % +tokens +runs\n/);
  expect(text).toMatch(
    /paper +0\.0 → 0\.0 +40\.0 → 70\.0 +\+30\.0 +\[\+\d+\.\d, \+\d+\.\d] +\+40\.0 \+20\.0 +0\.0 → 0\.0 +3\.0 → 3\.0 +2 of 3\n/,
  );
  expect(pooledTable([row], 'seed', 'markdown').split('\n')).toHaveLength(4);
});

test('without any run that is done there is a line without numbers', () => {
  const store = emptyStore();
  const row = poolRow(store, group, 'seed', 'reasoning');
  expect(row).toMatchObject({ runs: [], missing: ['r7', 'r8', 'r9'], second: null, pass: null });
  expect(pooledTable([row], 'seed', 'table')).toMatch(/paper( +-){7} +0 of 3\n/);
});

test('a run by itself is told on the benchmark that is asked for', () => {
  const store = emptyStore();
  addRun(store, 'r7', 4, 8);
  const id = store.stages(store.findRun('r7')?.id ?? 0).at(-1)?.id ?? 0;
  store.saveMetrics(
    id,
    ['reasoning', 'overall'].map((benchmark, index) => ({
      ...{ benchmark, policy: 'always', name: 'accuracy', value: 0.5 + index / 4, n: 10 },
    })),
  );
  const [cell] = cells;
  if (cell === undefined) throw new Error('no cell');
  const rows = ['reasoning', 'overall'].map((benchmark) => runRow(store, 'r7', cell, benchmark, null));
  expect(rows.map(({ accuracy }) => accuracy.always)).toEqual([0.5, 0.75]);
  expect(runsTable(rows, 'table')).toMatch(/^seed +never % +always %.* run\n +7 +- +50\.0/);
});
