import { expect, test } from 'vitest';
import { PromptIndex, Selection } from '../../../orchestrator/records/index.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { newRun, promptOf } from '../store/rows.js';

// More than are read with one statement.
const all = Array.from({ length: 1203 }, (_, place) => promptOf(`p${place}`));

function stored() {
  const store = openStore(':memory:');
  const runId = store.createRun(newRun);
  store.savePrompts(runId, 'train', all);
  return { store, runId, set: store.promptSet(runId, 'train') };
}

test('a stored set gives its prompts in order and by place, and lets others write in between', () => {
  const { store, runId, set } = stored();
  expect([set.length, [...set]]).toEqual([1203, all]);
  expect([set.at(0), set.at(700), set.at(1203)]).toEqual([all[0], all[700], undefined]);
  let seen = 0;
  for (const _ of set) if (seen++ % 400 === 0) store.addEvent(runId, { level: 'info', kind: 'x', message: 'x' });
  expect(seen).toBe(1203);
  expect([...store.promptSet(runId, 'benchmark:none')]).toEqual([]);
});

test('a set follows the order of its last saving', () => {
  const { store, runId } = stored();
  const turned = all.slice(5).reverse();
  store.savePrompts(runId, 'train', turned);
  expect([...store.promptSet(runId, 'train')]).toEqual(turned);
});

test('a selection is the prompts at its places; an index finds them by id', () => {
  const { set } = stored();
  const some = new Selection(set, Uint32Array.of(9, 3, 1000));
  expect([some.length, [...some], some.at(1), some.at(3)]).toEqual([3, [all[9], all[3], all[1000]], all[3], undefined]);
  const index = new PromptIndex(some);
  expect([index.find('p1000'), index.placeOf('p1000'), index.find('p1'), index.placeOf('p1')]).toEqual([
    ...[all[1000], 2, undefined, undefined],
  ]);
});
