import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ThinkSplitter } from '../../../orchestrator/gateway/think-splitter.js';

/** The text pushed in pieces that end at the given places. */
function thoughtsOf(text: string, cuts: readonly number[]): string {
  const splitter = new ThinkSplitter();
  const places = [0, ...[...cuts].map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  const found = places.slice(1).map((end, index) => splitter.push(text.slice(places[index], end)));
  return found.join('') + splitter.end();
}

test.each([
  ['\\boxed{A}<think>one < two</think>\\boxed{B}', 'one < two'],
  ['<think>cut of', 'cut of'],
  ['<think>cut in a tag</thi', 'cut in a tag</thi'],
  ['no thinking at all', ''],
  ['</think>first<think>then</think> late<think>again</think>', 'then'],
  ['<think></think>', ''],
])('%s', (text, thoughts) => {
  expect(thoughtsOf(text, [])).toBe(thoughts);
  fc.assert(fc.property(fc.array(fc.nat()), (cuts) => thoughtsOf(text, cuts) === thoughts));
});

test('holds nothing back that cannot be a tag', () => {
  const splitter = new ThinkSplitter();
  expect(splitter.push('<think>abc')).toBe('abc');
  expect(splitter.push(' < d')).toBe(' < d');
  expect(splitter.push('<')).toBe('');
  expect(splitter.push('/think> e')).toBe('');
});
