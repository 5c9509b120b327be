import { comparable } from '../../answer/index.js';
import type { Found } from '../../store/index.js';
import { OUTCOMES, type TraceFilter, type TraceOrder } from '../api/index.js';
import { NO_CODE } from './columns.js';
import { sortRows } from './sort-rows.js';
import type { RunTable } from './table.js';

type Test = (row: number) => boolean;

/** The rows that fit, in the order asked for. `found`: by a search. `threshold`: of the gate. */
export function select(table: RunTable, filter: TraceFilter, threshold: number, found?: Found): Uint32Array {
  let rows: Uint32Array = allRows(table.length);
  // One test after the other over what is left: each is a short loop that the engine compiles well.
  for (const test of testsOf(table, filter, threshold, found)) rows = kept(rows, test);
  const [by, order] = [filter.sort ?? 'id', filter.order ?? 'asc'];
  return by === 'id' && table.rising
    ? order === 'asc'
      ? rows
      : rows.reverse()
    : sortRows(rows, keysOf(table, by), order);
}

function allRows(length: number): Uint32Array {
  const rows = new Uint32Array(length);
  for (let row = 0; row < length; row += 1) rows[row] = row;
  return rows;
}

function kept(rows: Uint32Array, test: Test): Uint32Array {
  let length = 0;
  for (let place = 0; place < rows.length; place += 1) {
    const row = rows[place] ?? 0;
    if (!test(row)) continue;
    rows[length] = row;
    length += 1;
  }
  return rows.subarray(0, length);
}

/** Whether the gate stops at the first answer: it did, or it would at this threshold. */
export function exitTest(table: RunTable, threshold: number): Test {
  const least = comparable(threshold);
  const [{ values: stopped }, { values: confidence }] = [table.stopped, table.confidence];
  // NaN, no confidence, compares as false.
  return (row) => stopped[row] === 1 || comparable(confidence[row] ?? Number.NaN) >= least;
}

function testsOf(table: RunTable, filter: TraceFilter, threshold: number, found: Found | undefined): Test[] {
  const tests: Test[] = [];
  const named = (
    name: string | undefined,
    names: { find(name: string): number | undefined },
    values: ArrayLike<number>,
  ) => {
    if (name === undefined) return;
    const code = names.find(name) ?? -1;
    tests.push((row) => values[row] === code);
  };
  named(filter.stage, table.stages, table.stage.values);
  named(filter.pass, table.passes, table.pass.values);
  for (const [place, wanted] of promptFields(filter)) {
    const fits = Uint8Array.from(table.prompts, (prompt) => Number(prompt[place] === wanted));
    const prompts = table.prompt.values;
    tests.push((row) => fits[prompts[row] ?? 0] === 1);
  }
  for (const answer of ['first', 'second'] as const) {
    const wanted = filter[answer];
    if (wanted === undefined) continue;
    const [code, values] = [OUTCOMES.indexOf(wanted), table[answer].values];
    tests.push((row) => values[row] === code);
  }
  if (filter.gate !== undefined) {
    const exits = exitTest(table, threshold);
    tests.push(filter.gate === 'exit' ? exits : (row) => !exits(row));
  }
  const { minConfidence, maxConfidence, state } = filter;
  const confidence = table.confidence.values;
  if (minConfidence !== undefined) tests.push((row) => (confidence[row] ?? Number.NaN) >= minConfidence);
  if (maxConfidence !== undefined) tests.push((row) => (confidence[row] ?? Number.NaN) <= maxConfidence);
  if (state !== undefined) {
    const code = table.states.find(state) ?? NO_CODE - 1;
    const [first, second] = [table.firstState.values, table.secondState.values];
    tests.push((row) => first[row] === code || second[row] === code);
  }
  if (found !== undefined) {
    const [{ first, has }, ids] = [found, table.id.values];
    tests.push((row) => {
      const place = (ids[row] ?? 0) - first;
      return place >= 0 && has[place] === 1;
    });
  }
  return tests;
}

/** Places in PromptName with what is wanted there. */
function promptFields({ set, prompt, source, type }: TraceFilter): [1 | 2 | 3 | 4, string][] {
  const fields: [1 | 2 | 3 | 4, string | undefined][] = [
    [1, set],
    [2, prompt],
    [3, source],
    [4, type],
  ];
  return fields.flatMap(([place, wanted]): [1 | 2 | 3 | 4, string][] =>
    wanted === undefined ? [] : [[place, wanted]],
  );
}

function keysOf(table: RunTable, by: TraceOrder): ArrayLike<number> {
  if (by === 'prompt') return promptRanks(table);
  if (by === 'step') return Float64Array.from({ length: table.length }, (_, row) => table.stepOf(row) ?? Number.NaN);
  return table[by].values;
}

/** The place of each row's prompt among all prompts by name. */
function promptRanks(table: RunTable): Float64Array {
  const order = table.prompts.map((_, place) => place);
  const nameOf = (place: number) => table.prompts[place]?.[2] ?? '';
  order.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : Number(nameOf(a) > nameOf(b))));
  const ranks = new Float64Array(order.length);
  order.forEach((place, rank) => {
    ranks[place] = rank;
  });
  return Float64Array.from({ length: table.length }, (_, row) => ranks[table.prompt.values[row] ?? 0] ?? 0);
}
