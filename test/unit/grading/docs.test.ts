import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('docs/grading.md has a rule for every row of the contract', () => {
  const text = readFileSync(new URL('../../../docs/grading.md', import.meta.url), 'utf8');
  const lists = [...text.matchAll(/^\| ((?:\d+(?:–\d+)?(?:, )?)+) \||\(rows ([\d–, ]+)\)/gm)].map(
    ([, cell, inline]) => cell ?? inline ?? '',
  );
  const rows = lists.flatMap((list) =>
    list.split(', ').flatMap((part) => {
      const [from = 0, to = from] = part.split('–').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    }),
  );
  expect([...new Set(rows)].sort((a, b) => a - b)).toEqual(Array.from({ length: 94 }, (_, index) => index + 1));
});
