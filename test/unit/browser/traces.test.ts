import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitsAt } from '../../../orchestrator/answer/index.js';
import { OUTCOMES, TRACE_ORDERS, type TraceRow } from '../../../orchestrator/browser/api/index.js';
import { openReader, type Reader } from '../../../orchestrator/browser/reader/index.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { rowOf } from '../store/rows.js';
import { storeWithRuns } from './stores.js';

let made: ReturnType<typeof storeWithRuns>;
let reader: Reader;
let all: readonly TraceRow[];
beforeAll(() => {
  made = storeWithRuns('a', 'b');
  reader = openReader(made.file);
  all = reader.traces({ run: 'a', limit: 1000 }).rows;
});
afterAll(() => {
  reader.close();
  rmSync(made.folder, { recursive: true });
});

test('every rollout of the run, and of no other, in the order of its commit', () => {
  expect(all.length).toBe(120);
  expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).sort((a, b) => a - b));
  expect(new Set(all.map(({ set }) => set))).toEqual(new Set(['benchmark:one', 'benchmark:two']));
  const other = reader.traces({ run: 'b', limit: 1000 }).rows;
  expect(other.filter(({ id }) => all.some((row) => row.id === id))).toEqual([]);
});

const filters = fc.record(
  {
    set: fc.constantFrom('benchmark:one', 'benchmark:two', 'no such'),
    prompt: fc.constantFrom('benchmark:one-3', 'x'),
    first: fc.constantFrom(...OUTCOMES),
    second: fc.constantFrom(...OUTCOMES),
    gate: fc.constantFrom('exit', 'think'),
    threshold: fc.constantFrom(0, 0.5, 0.7, 0.95, 1, 1.5),
    minConfidence: fc.constantFrom(0, 0.3, 0.5),
    maxConfidence: fc.constantFrom(0.4, 0.9, 1),
    state: fc.constantFrom('graded', 'unparsed', 'timeout', 'error'),
    sort: fc.constantFrom(...TRACE_ORDERS),
    order: fc.constantFrom('asc', 'desc'),
  },
  { requiredKeys: [] },
);

function outcome(cell: TraceRow['first']): string {
  if (cell === null) return 'none';
  return cell.correct === null ? 'unknown' : cell.correct ? 'right' : 'wrong';
}

test('filters keep what a walk over all rows keeps, and sorts what its keys sort', () => {
  fc.assert(
    fc.property(filters, (filter) => {
      const { rows, total, threshold } = reader.traces({ run: 'a', limit: 1000, ...filter });
      const kept = all.filter(
        (row) =>
          (filter.set === undefined || row.set === filter.set) &&
          (filter.prompt === undefined || row.promptId === filter.prompt) &&
          (filter.first === undefined || outcome(row.first) === filter.first) &&
          (filter.second === undefined || outcome(row.second) === filter.second) &&
          (filter.gate === undefined || exitsAt(row.confidence, threshold) === (filter.gate === 'exit')) &&
          (filter.minConfidence === undefined || (row.confidence ?? -1) >= filter.minConfidence) &&
          (filter.maxConfidence === undefined || (row.confidence ?? 9) <= filter.maxConfidence) &&
          (filter.state === undefined || [row.first?.state, row.second?.state].includes(filter.state as never)),
      );
      expect(rows.map(({ id }) => id).sort((a, b) => a - b)).toEqual(kept.map(({ id }) => id));
      expect(total).toBe(kept.length);
      const known = rows.map((row) => keyOf(row, filter.sort)).filter((key) => key !== null);
      const rising = [...known].sort((a, b) => (a < b ? -1 : Number(a > b)));
      expect(known).toEqual(filter.order === 'desc' ? rising.reverse() : rising);
    }),
    { numRuns: 300 },
  );
});

function keyOf(row: TraceRow, sort: string | undefined): number | string | null {
  if (sort === 'prompt') return row.promptId;
  if (sort === 'first' || sort === 'second') return OUTCOMES.indexOf(outcome(row[sort]) as never);
  if (sort === 'confidence' || sort === 'reward' || sort === 'tokens' || sort === 'step') return row[sort];
  return row.id;
}

test('pages join to the whole, whatever their size', () => {
  const rows = [0, 50, 100].flatMap(
    (offset) => reader.traces({ run: 'a', sort: 'confidence', offset, limit: 50 }).rows,
  );
  expect(rows).toEqual(reader.traces({ run: 'a', sort: 'confidence', limit: 1000 }).rows);
  expect(reader.traces({ run: 'a', offset: 500 }).rows).toEqual([]);
});

test('a trace knows its neighbours in the table that it was opened from', () => {
  const filter = { first: 'right', sort: 'confidence', order: 'desc' };
  const { rows, total } = reader.traces({ run: 'a', limit: 1000, ...filter });
  const one = reader.trace({ id: rows[3]?.id, ...filter });
  expect([one.previous, one.next]).toEqual([rows[2]?.id, rows[4]?.id]);
  expect(one.place).toEqual({ at: 3, total });
  const outside = all.find((row) => !rows.some(({ id }) => id === row.id));
  expect(reader.trace({ id: outside?.id, ...filter })).toMatchObject({ place: null, previous: null, next: null });
});

test('questions that nobody should ask are refused by name', () => {
  const asked = (query: object) => () => reader.traces({ run: 'a', ...query });
  expect(asked({ limit: 0 })).toThrow(/^limit/);
  expect(asked({ first: "right' OR 1=1" })).toThrow(/^first/);
  expect(asked({ colour: 'red' })).toThrow(/^colour/);
  expect(() => reader.traces({ run: "a' OR '1'='1" })).toThrow('there is no run named');
  expect(() => reader.trace({ id: 10 ** 9 })).toThrow('there is no trace');
  for (const text of ["' OR 1=1 --", '%', '"; DROP TABLE rollouts; --'])
    for (const name of ['set', 'stage', 'pass', 'source', 'type', 'prompt'])
      expect(reader.traces({ run: 'a', [name]: text }).total).toBe(0);
});

test('what is committed later is there, and a replaced attempt is not', async () => {
  const later = storeWithRuns('c');
  const [mine, store] = [openReader(later.file), openStore(later.file)];
  expect(mine.traces({ run: 'c' }).total).toBe(120);
  const runId = store.findRun('c')?.id ?? 0;
  const { id } = store.startStage(runId, 'sweep', 'k');
  store.commitUnit(id, 'u', [{ ...rowOf('benchmark:one-1', 0), set: 'benchmark:one', pass: 'live' }]);
  await new Promise((resolve) => setTimeout(resolve, 550));
  expect(mine.traces({ run: 'c', stage: 'sweep' })).toMatchObject({ total: 1, all: 121 });
  store.startStage(runId, 'evaluate', 'another');
  await new Promise((resolve) => setTimeout(resolve, 550));
  expect(mine.traces({ run: 'c', set: 'benchmark:one' })).toMatchObject({ total: 1, all: 1 });
  mine.close();
  store.close();
  rmSync(later.folder, { recursive: true });
});
