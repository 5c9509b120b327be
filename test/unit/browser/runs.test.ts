import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReader, type Reader } from '../../../orchestrator/browser/reader/index.js';
import { RunRows } from '../../../orchestrator/browser/reader/run-rows.js';
import { lockRun } from '../../../orchestrator/pipeline/lock.js';
import { openStore, openViewer, type Store } from '../../../orchestrator/store/index.js';
import { QUESTIONS, storeWithRuns } from './stores.js';

let made: ReturnType<typeof storeWithRuns>;
let store: Store;
let reader: Reader;
beforeAll(() => {
  made = storeWithRuns('alpha', 'beta', 'gamma');
  store = openStore(made.file);
  store.changeTags(idOf('alpha'), { add: ['good', 'base'] });
  store.changeTags(idOf('beta'), { add: ['good'] });
  store.setNote(idOf('gamma'), 'Läuft nicht');
  store.setRunStatus(idOf('gamma'), 'failed', 'the engine was lost');
  const { id } = store.startStage(idOf('beta'), 'train', 'k');
  for (let step = 1; step <= 100; step += 1) store.saveStep(id, step, { reward_mean: step, kl: null });
  store.finishStage(id, {}, []);
  reader = openReader(made.file);
});
afterAll(() => {
  reader.close();
  store.close();
  rmSync(made.folder, { recursive: true });
});

const idOf = (name: string) => store.findRun(name)?.id ?? 0;
const names = (query: object) => reader.runs(query).runs.map(({ name }) => name);

test('runs are found by words, tags and status, and sorted either way', () => {
  expect(names({})).toEqual(['gamma', 'beta', 'alpha']);
  expect(names({ sort: 'name' })).toEqual(['alpha', 'beta', 'gamma']);
  expect(names({ sort: 'name', order: 'desc', limit: 1, offset: 1 })).toEqual(['beta']);
  expect(names({ tag: 'good' })).toEqual(['beta', 'alpha']);
  expect(names({ q: 'LÄUFT nicht' })).toEqual(['gamma']);
  expect(names({ q: "'; DROP TABLE runs; --" })).toEqual([]);
  expect(names({ status: 'failed' })).toEqual(['gamma']);
  expect(reader.runs({ tag: 'good' })).toMatchObject({ total: 2, all: 3, tags: ['base', 'good'] });
});

test('a line has its rollouts, headline and a curve of at most forty points', () => {
  const [beta] = reader.runs({ q: 'beta' }).runs;
  expect(beta).toMatchObject({
    rollouts: 2 * QUESTIONS,
    accuracy: 0.5,
    meanTokens: null,
    stage: 'train',
    stagesDone: 2,
  });
  expect(beta?.reward.length).toBe(40);
  const mean = (beta?.reward ?? []).reduce((sum, value) => sum + value, 0) / 40;
  expect(mean).toBeGreaterThan(49);
  expect(beta?.reward).toEqual([...(beta?.reward ?? [])].sort((a, b) => a - b));
});

test('a run that nobody works on any more does not run; one that writes nothing for ten minutes is stalled', async () => {
  const folder = join(made.folder, 'delta');
  mkdirSync(folder);
  store.createRun({ name: 'delta', recipeText: '', recipe: {}, folder, seed: 1, environment: {} });
  await pause();
  expect(reader.runs({ q: 'delta' }).runs[0]).toMatchObject({
    status: 'interrupted',
    reason: expect.stringContaining('without a word'),
  });
  const release = lockRun(folder, 'delta');
  store.addEvent(idOf('delta'), { level: 'info', kind: 'plain', message: 'at work' });
  await pause();
  expect(reader.runs({ q: 'delta' }).runs[0]?.status).toBe('running');
  const viewer = openViewer(made.file);
  const later = new RunRows(viewer).read(Date.now() + 11 * 60_000);
  expect(later.find(({ run }) => run.name === 'delta')?.row.status).toBe('stalled');
  viewer.close();
  release();
});

test('a run in full: the way on, what it measured, its log from either end', () => {
  for (let line = 0; line < 5; line += 1)
    store.addEvent(idOf('gamma'), { level: 'info', kind: line === 2 ? 'command' : 'plain', message: `line ${line}` });
  const detail = reader.run({ run: 'gamma' });
  expect(detail).toMatchObject({
    resume: 'line 2',
    threshold: { value: 0.7, from: 'recipe' },
    recipeText: 'name: gamma',
  });
  expect(detail.evaluation).toMatchObject([{ benchmark: 'one', accuracy: { value: 0.5, low: 0.4, high: 0.6, n: 60 } }]);
  expect(detail.ledger).toMatchObject({ rollouts: 2 * QUESTIONS, lost: 0 });
  const lines = (query: object) => reader.events({ run: 'gamma', ...query }).events.map(({ message }) => message);
  expect(lines({ limit: 2 })).toEqual(['line 3', 'line 4']);
  const [first] = reader.events({ run: 'gamma', limit: 2 }).events;
  expect(lines({ before: first?.id, limit: 2 })).toEqual(['line 1', 'line 2']);
  expect(lines({ after: first?.id })).toEqual(['line 4']);
  expect(reader.steps({ run: 'beta', after: 98 }).steps.map(({ step }) => step)).toEqual([99, 100]);
});

test('live: what changed since, once, and what was removed', async () => {
  await pause();
  const start = reader.live({ run: 'beta' });
  expect(start.events).toEqual([]);
  store.addEvent(idOf('beta'), { level: 'info', kind: 'plain', message: 'new' });
  store.changeTags(idOf('alpha'), { add: ['late'] });
  await pause();
  const next = reader.live({ run: 'beta', place: start.place });
  expect(next.events).toMatchObject([
    { type: 'runs', runs: [{ name: 'alpha', tags: ['base', 'good', 'late'] }], removed: [] },
    { type: 'events', events: [{ message: 'new' }] },
  ]);
  expect(reader.live({ run: 'beta', place: next.place }).events).toEqual([]);
  store.removeRun(idOf('alpha'));
  await pause();
  expect(reader.live({ run: 'beta', place: next.place }).events).toEqual([
    { type: 'runs', runs: [], removed: ['alpha'] },
  ]);
});

/** A look at the store holds for a half a second. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 550));
}
