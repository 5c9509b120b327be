import { readdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { newRun, storeWithRun } from './rows.js';

const DAY_MS = 86_400_000;

afterEach(() => void vi.useRealTimers());

/** From now on the clock shows the same time of another day. */
function setClock(days: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * DAY_MS });
}

test.each([1, -1])('a backup is made when the last one is %d days from now', async (days) => {
  const { store, file } = storeWithRun();
  await store.backup();
  const other = new Date(Date.now() + days * DAY_MS);
  utimesSync(`${file}.backup`, other, other);
  expect(await store.backup()).toMatchObject({ state: 'made' });
  expect(await store.backup()).toMatchObject({ state: 'recent' });
  store.close();
});

test('the last run that was begun is listed first, and events stay in their order, after the clock was set back', () => {
  const { store, folder, runId } = storeWithRun();
  store.addEvent(runId, { level: 'info', kind: 'one', message: '' });
  setClock(-1);
  store.addEvent(runId, { level: 'info', kind: 'two', message: '' });
  store.createRun({ ...newRun, name: 'second', folder: join(folder, 'second') });
  expect(store.listRuns().map(({ name }) => name)).toEqual(['second', 'first']);
  expect(store.events(runId).map(({ kind }) => kind)).toEqual(['one', 'two']);
  store.close();
});

test('the seconds of a stage do not come from the clock', () => {
  const { store, runId } = storeWithRun();
  const { id } = store.startStage(runId, 'filter', 'k');
  setClock(-1);
  store.finishStage(id, {}, []);
  const [stage] = store.stages(runId);
  expect(stage?.seconds).toBeGreaterThanOrEqual(0);
  expect(stage?.seconds).toBeLessThan(3600);
  store.close();
});

/** Who may read the clock: what writes a time down, or compares with the time of a file. Durations and deadlines may not. */
const READS = [
  'browser/reader/run-rows.ts',
  'gateway/chat.ts',
  'gateway/server.ts',
  'store/backup.ts',
  'store/migrate.ts',
];

test('durations and deadlines are measured by the clock that nobody sets', () => {
  const folder = join(import.meta.dirname, '..', '..', '..', 'orchestrator');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const reading = files.filter((name) => readFileSync(join(folder, name), 'utf8').includes('Date.now()'));
  expect(reading.sort()).toEqual(READS);
});
