import { expect, test } from 'vitest';
import { beginningOf, opensThinking } from '../../../orchestrator/prompting/index.js';

const BEGINNINGS = { direct: '\\boxed', think: '<think>' };

test('a group has two halves of one size, the direct one first', () => {
  const group = [0, 1, 2, 3].map((index) => beginningOf(index, 4, BEGINNINGS));
  expect(group).toEqual(['\\boxed', '\\boxed', '<think>', '<think>']);
});

test('a direct reply that closes a think tag tells that the template opened it', () => {
  expect(opensThinking(BEGINNINGS)).toBe(false);
  expect(opensThinking({ direct: '</think>', think: 'Alright' })).toBe(true);
});
