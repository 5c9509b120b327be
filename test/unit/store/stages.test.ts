import { expect, test } from 'vitest';
import { promptOf, prompts, rowOf, storeWithRun } from './rows.js';

const artifact = { name: 'policy', path: 'train/policy', sha256: 'ab', bytes: 12 };

test('a finished stage is reused by its key alone', () => {
  const { store, runId } = storeWithRun();
  const first = store.startStage(runId, 'filter', 'k1');
  expect(first).toMatchObject({ reused: false, resumed: false });
  store.finishStage(first.id, { kept: ['p1'] }, []);
  expect(store.startStage(runId, 'filter', 'k1')).toEqual({
    id: first.id,
    reused: true,
    resumed: false,
    attempt: 1,
    result: { kept: ['p1'] },
  });
  expect(store.stages(runId)[0]).toMatchObject({ status: 'done', reuses: 1, attempt: 1 });
  expect(store.startStage(runId, 'train', 'k1').reused).toBe(false);
});

test('an unfinished stage goes on with its units; another key or force begins anew and keeps the old attempt', () => {
  const { store, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'filter', 'k1');
  store.commitUnit(id, 'u0', [rowOf('p0', 0)]);
  store.failStage(id, 'stopped', 'interrupted');
  expect(store.startStage(runId, 'filter', 'k1')).toMatchObject({ id, reused: false, resumed: true });
  expect(store.committedUnits(id)).toEqual(new Set(['u0']));

  const other = store.startStage(runId, 'filter', 'k2');
  expect(other).toMatchObject({ reused: false, resumed: false });
  store.finishStage(other.id, {}, []);
  const forced = store.startStage(runId, 'filter', 'k2', { force: true });
  expect(forced.id).not.toBe(other.id);
  expect(store.stages(runId).map((stage) => stage.id)).toEqual([forced.id]);
  expect(store.stages(runId, { all: true }).map((stage) => [stage.attempt, stage.superseded])).toEqual([
    [1, true],
    [2, true],
    [3, false],
  ]);
  expect(store.rollouts({ run: runId, limit: 9 }).rows).toEqual([]);
  expect(store.rollouts({ run: runId, stage: id, limit: 9 }).rows).toHaveLength(1);
});

test('a recipe that is changed back finds its earlier result, unless files lay beside it', () => {
  const { store, runId } = storeWithRun();
  for (const [name, artifacts] of [
    ['filter', []],
    ['train', [artifact]],
  ] as const) {
    const old = store.startStage(runId, name, 'k1');
    store.finishStage(old.id, { of: 'k1' }, artifacts);
    store.finishStage(store.startStage(runId, name, 'k2').id, {}, []);
    const back = store.startStage(runId, name, 'k1');
    expect(back.reused).toBe(name === 'filter');
    expect(store.stages(runId).filter((stage) => stage.name === name)).toHaveLength(1);
  }
});

test('finishing is all or nothing', () => {
  const { store, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'train', 'k');
  expect(() => store.finishStage(id, { steps: 3 }, [artifact, artifact])).toThrow(/UNIQUE/);
  expect(store.artifacts(runId)).toEqual([]);
  expect(store.stages(runId)[0]).toMatchObject({ status: 'running', result: null });
  store.finishStage(id, { steps: 3 }, [artifact]);
  expect(store.artifacts(runId)).toEqual([{ stage: 'train', ...artifact }]);
  expect(() => store.finishStage(id, {}, [])).toThrow('not running');
});

test('a set is exactly what was saved last; a corrected prompt leaves the old record to its rollouts', () => {
  const { store, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'filter', 'k1');
  store.commitUnit(id, 'u0', [rowOf('p0', 0)]);
  const moved = {
    ...promptOf('p2'),
    media: [{ kind: 'video' as const, path: '/elsewhere/p2.mp4', sha256: 'hash-of-p2' }],
  };
  store.savePrompts(runId, 'train', [moved, promptOf('p0', 'B')]);
  expect(store.prompts(runId, 'train')).toEqual([moved, promptOf('p0', 'B')]);
  expect(store.ledger(runId).prompts).toEqual({ train: 2 });
  expect(store.rollouts({ run: runId, promptId: 'p0', limit: 5 }).rows).toHaveLength(1);
  expect(store.findPrompt(runId, 'train', 'p0')?.answer).toBe('B');
  expect(store.findPrompt(runId, 'train', 'p7')?.id).toBe('p7');
  store.savePrompts(runId, 'train', prompts(10));
  expect(store.prompts(runId, 'train')).toEqual(prompts(10));
});

test('runs: names are unique, changes are noted, removal takes everything along', () => {
  const { store, runId, folder } = storeWithRun();
  expect(() =>
    store.createRun({ name: 'first', recipeText: '', recipe: {}, folder, seed: 1, environment: {} }),
  ).toThrow('there is a run named first');
  store.updateRun(runId, { recipe: { name: 'x' }, seed: 8 });
  store.setRunStatus(runId, 'failed', 'no space');
  expect(store.findRun('first')).toMatchObject({
    id: runId,
    status: 'failed',
    reason: 'no space',
    seed: 8,
    recipe: { name: 'x' },
    recipeText: 'name: first',
    folder: `${folder}/first`,
  });
  const { id } = store.startStage(runId, 'filter', 'k');
  store.commitUnit(id, 'u', [rowOf('p0', 0)]);
  store.removeRun(runId);
  expect(store.findRun('first')).toBeUndefined();
  expect([...store.stageRows(id)]).toEqual([]);
  expect(store.committedUnits(id).size).toBe(0);
});

test('steps and metrics are replaced, decisions and events kept in order', () => {
  const { store, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'train', 'k');
  store.saveStep(id, 2, { loss: 1, reward_mean: null });
  store.saveStep(id, 1, { loss: 2 });
  store.saveStep(id, 2, { loss: 0.5, reward_mean: 2 });
  expect(store.steps(runId)).toEqual([
    { step: 1, metrics: { loss: 2 } },
    { step: 2, metrics: { loss: 0.5, reward_mean: 2 } },
  ]);
  const metric = { benchmark: 'b', policy: 'auto', name: 'accuracy', value: 0.5, low: 0.4, high: 0.6, n: 9 };
  store.saveMetrics(id, [
    { ...metric, value: 0.1 },
    { ...metric, name: 'tokens', low: null, high: null },
  ]);
  store.saveMetrics(id, [metric]);
  expect(store.metrics(runId).map(({ name, value, low }) => [name, value, low])).toEqual([
    ['tokens', 0.5, null],
    ['accuracy', 0.5, 0.4],
  ]);
  const decisions = [
    { promptId: 'p9', decision: 'keep' as const, reason: 'mixed', correct: 3, total: 8 },
    { promptId: 'p1', decision: 'drop' as const, reason: 'easy', correct: 8, total: 8 },
  ];
  store.saveDecisions(id, decisions);
  expect(store.decisions(id)).toEqual(decisions);
  store.addEvent(runId, { level: 'warning', stage: 'train', kind: 'odd', message: 'look', data: { n: 1 } });
  store.addEvent(runId, { level: 'info', kind: 'plain', message: 'so', data: undefined });
  expect(store.events(runId)).toMatchObject([{ level: 'warning', stage: 'train', data: { n: 1 } }, { kind: 'plain' }]);
  expect(store.ledger(runId)).toMatchObject({ kept: 1, dropped: 1, unknown: 0 });
});

test('what no run refers to goes: replaced attempts with their rollouts, prompts that left their set', () => {
  const { store, runId } = storeWithRun();
  const first = store.startStage(runId, 'filter', 'k1');
  store.commitUnit(first.id, 'u', [rowOf('p0', 0), rowOf('p1', 0)]);
  store.finishStage(first.id, {}, []);
  const second = store.startStage(runId, 'filter', 'k2');
  store.commitUnit(second.id, 'u', [rowOf('p0', 0)]);
  store.savePrompts(runId, 'train', [promptOf('p1')]);
  expect(store.removeUnreferenced()).toEqual({ stages: 1, rollouts: 2, prompts: 8 });
  expect(store.stages(runId, { all: true }).map(({ id }) => id)).toEqual([second.id]);
  // p0 left the set, but a rollout that counts is of it.
  expect(store.findPrompt(runId, 'train', 'p0')?.id).toBe('p0');
  expect(store.ledger(runId)).toMatchObject({ rollouts: 1, lost: 0 });
  expect(store.removeUnreferenced()).toEqual({ stages: 0, rollouts: 0, prompts: 0 });
});
