import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { RolloutFilter } from '../../../orchestrator/store/index.js';
import { rowOf, storeWithRun } from './rows.js';

function filled() {
  const made = storeWithRun();
  const { id } = made.store.startStage(made.runId, 'filter', 'k');
  for (let unit = 0; unit < 10; unit += 1) {
    made.store.commitUnit(
      id,
      `u${unit}`,
      Array.from({ length: 7 }, (_, index) => rowOf(`p${unit}`, index, index === 6 ? null : index % 2 === 0)),
    );
  }
  return { ...made, id };
}

test('a row comes back as it went in', () => {
  const { store, runId, id } = filled();
  const [row] = store.rollouts({ run: runId, promptId: 'p3', limit: 1 }).rows;
  expect(row).toMatchObject({ ...rowOf('p3', 0, true), stageId: id, stage: 'filter', correct: true });
  const unknown = store.rollouts({ run: runId, promptId: 'p3', limit: 9 }).rows[6];
  expect(unknown).toMatchObject({
    reward: null,
    correct: null,
    verdicts: { second: { value: null, correct: null, state: 'error' } },
  });
  expect(unknown && 'step' in unknown).toBe(false);
});

test('a beginning that was given and the bonus for not thinking come back too, where there are any', () => {
  const { store, runId, id } = filled();
  const plain = rowOf('p9', 7);
  const reward = plain.reward && { ...plain.reward, direct: 0.05 };
  store.commitUnit(id, 'forced', [{ ...plain, reward, rollout: { ...plain.rollout, forced: 2 } }]);
  const { rows } = store.rollouts({ run: runId, promptId: 'p9', limit: 9 });
  expect(rows.at(-1)).toMatchObject({ rollout: { forced: 2 }, reward: { direct: 0.05 } });
  expect(rows[0]?.rollout).not.toHaveProperty('forced');
  expect(rows[0]?.reward).not.toHaveProperty('direct');
});

test('pages of any size give every row once, in one order', () => {
  const { store, runId, id } = filled();
  const whole = [...store.stageRows(id)].map((row) => row.rollout.key);
  expect(new Set(whole).size).toBe(70);
  const filters: Partial<RolloutFilter>[] = [{}, { stage: 'filter' }, { stage: id }, { set: 'train' }];
  for (const [at, limit] of [1, 7, 33, 70].entries()) {
    const keys: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = store.rollouts({ run: runId, limit, ...filters[at], ...(after === undefined ? {} : { after }) });
      keys.push(...page.rows.map((row) => row.rollout.key));
      if (page.next === null) break;
      after = page.next;
    }
    expect(keys).toEqual(whole);
  }
});

test('a page goes on from one stage to the next, and leaves out attempts that do not count', () => {
  const { store, runId } = filled();
  const later = store.startStage(runId, 'evaluate', 'k').id;
  store.commitUnit(later, 'u', [rowOf('p1', 0), rowOf('p2', 0)]);
  const first = store.rollouts({ run: runId, limit: 69 });
  const second = store.rollouts({ run: runId, limit: 2, after: first.next ?? '' });
  expect(second.rows.map(({ stage }) => stage)).toEqual(['filter', 'evaluate']);
  const third = store.rollouts({ run: runId, limit: 2, after: second.next ?? '' });
  expect([third.rows.map(({ promptId }) => promptId), third.next]).toEqual([['p2'], null]);
  expect(store.rollouts({ run: runId, promptId: 'p1', limit: 7 }).rows.map(({ stage }) => stage)).toEqual(
    Array(7).fill('filter'),
  );
  store.startStage(runId, 'filter', 'other');
  expect(store.rollouts({ run: runId, limit: 9 }).rows).toHaveLength(2);
});

test('a page of a large stage costs no more than one of a small stage', () => {
  const quickest = (units: number) => {
    const { store, runId } = storeWithRun();
    const { id } = store.startStage(runId, 'train', 'k');
    for (let unit = 0; unit < units; unit += 1)
      store.commitUnit(
        id,
        `u${unit}`,
        Array.from({ length: 200 }, (_, index) => rowOf('p0', unit * 200 + index)),
      );
    const times = Array.from({ length: 20 }, () => {
      const started = performance.now();
      store.rollouts({ run: runId, limit: 20 });
      return performance.now() - started;
    });
    store.close();
    return Math.min(...times);
  };
  // Fifty times the rows; sorted whole for each page they took some thirty times as long.
  expect(quickest(50) / quickest(1)).toBeLessThan(5);
});

test('filters: wrong and right leave out what the grader could not say; unknown names give nothing', () => {
  const { store, runId } = filled();
  const count = (filter: Partial<RolloutFilter>) => store.rollouts({ run: runId, limit: 1000, ...filter }).rows.length;
  expect(count({ correct: false })).toBe(30);
  expect(count({ correct: true })).toBe(30);
  expect(count({ correct: false, promptId: 'p1' })).toBe(3);
  expect(count({ promptId: "p1' OR 1=1 --" })).toBe(0);
  expect(count({ stage: 'evaluate' })).toBe(0);
  expect(count({ set: 'benchmark:x' })).toBe(0);
  expect(() => count({ after: 'nonsense' })).toThrow('is no page token');
});

test('rollouts are found by their request among any number of others, the newest of several', () => {
  const { store, file, id } = filled();
  const requests = [0, 1, 2].map((place) => `${place}${'0123456789abcde'.repeat(2)}f`);
  for (const [index, request] of requests.entries()) {
    store.commitUnit(id, `old-${index}`, [{ ...rowOf('p0', 100 + index), request }]);
    // As if as many rows had come in between as a part of the index has.
    const db = new Database(file);
    db.exec(`UPDATE rollouts SET id = id + ${(index + 1) * 65_536} WHERE id = (SELECT max(id) FROM rollouts)`);
    db.close();
  }
  const again = requests[1] as string;
  // Alike in the beginning that is indexed.
  const alike = again.replace(/f$/, '0');
  store.commitUnit(id, 'again', [{ ...rowOf('p1', 101), request: again }]);
  store.commitUnit(id, 'alike', [{ ...rowOf('p2', 101), request: alike }]);
  const found = store.recall([...requests, alike, 'ab'.repeat(16)]);
  expect([...found].map(([request, { key }]) => [request, key])).toEqual([
    [requests[0], 'key-p0-100'],
    [again, 'key-p1-101'],
    [requests[2], 'key-p0-102'],
    [alike, 'key-p2-101'],
  ]);
});

test('outcomes are the rows without their texts, from any row on', () => {
  const { store, id } = filled();
  const rows = [...store.stageRows(id)].map(({ id: row, promptId, rollout, correct, verdicts }) => ({
    ...{
      id: row,
      promptId,
      place: Number(promptId.slice(1)),
      index: rollout.index,
      correct,
      tokens: rollout.tokenIds.length,
    },
    value: verdicts.second === null ? 0 : verdicts.second.value,
  }));
  expect([...store.outcomes(id)]).toEqual(rows);
  expect([...store.outcomes(id, rows[60]?.id)]).toEqual(rows.slice(61));
  const bare = rowOf('p0', 50);
  store.commitUnit(id, 'bare', [{ ...bare, verdicts: { first: bare.verdicts.first, second: null } }]);
  expect([...store.outcomes(id, rows[69]?.id)]).toMatchObject([
    { promptId: 'p0', index: 50, correct: false, value: 0 },
  ]);
});

test('writes are possible between two rows of stageRows', () => {
  const { store, runId, id } = filled();
  let seen = 0;
  for (const row of store.stageRows(id)) {
    store.addEvent(runId, { level: 'info', kind: 'seen', message: row.rollout.key });
    seen += 1;
  }
  expect(seen).toBe(70);
});

test('a unit commits whole and once', () => {
  const { store, runId, id } = filled();
  const before = store.ledger(runId);
  expect(() => store.commitUnit(id, 'u0', [])).toThrow(/UNIQUE/);
  // The fault lies in the last row: none of the rows before it stays.
  expect(() => store.commitUnit(id, 'new', [rowOf('p0', 20), rowOf('p1', 20), rowOf('nobody', 0)])).toThrow(
    'prompt nobody is not in set train',
  );
  expect(() => store.commitUnit(id, 'new', [rowOf('p0', 20), rowOf('p0', 20)])).toThrow(/UNIQUE/);
  expect(store.ledger(runId)).toEqual(before);
  expect(store.committedUnits(id).has('new')).toBe(false);
  store.commitUnit(
    id,
    'new',
    [rowOf('p0', 20)],
    [{ set: 'train', promptId: 'p1', index: 20, code: 'media', message: 'no frames' }],
  );
  expect(store.ledger(runId)).toMatchObject({
    rollouts: 71,
    failures: 1,
    stages: [{ stage: 'filter', units: 11, rollouts: 71, failures: 1, lost: 0 }],
  });
  expect(store.failures(id)).toEqual([
    { set: 'train', promptId: 'p1', index: 20, code: 'media', message: 'no frames' },
  ]);
  store.finishStage(id, {}, []);
  expect(() => store.commitUnit(id, 'late', [])).toThrow('not running');
});
