import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inFile, inMemory, type ReadRow } from '../../../orchestrator/data/index.js';
import { promptOf } from '../store/rows.js';
import { folderWith } from './fixture.js';

function rowsOf(questions: readonly string[]): ReadRow[] {
  return questions.map((question, place) => ({ line: place + 1, prompt: { ...promptOf(`p${place}`), question } }));
}

test('rows come back from a file as they went in, as often as they are asked for', () => {
  const folder = folderWith({});
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (questions) => {
      const [file, memory] = [inFile(join(folder, 'rows.jsonl')), inMemory()];
      for (const row of rowsOf(questions)) for (const keeper of [file, memory]) keeper.add(row);
      const rows = file.rows();
      expect(rows.length).toBe(questions.length);
      for (let time = 0; time < 2; time += 1) expect([...rows]).toEqual([...memory.rows()]);
    }),
    { numRuns: 50 },
  );
});

test('rows that lie across the pieces in which the file is read are whole', () => {
  const folder = folderWith({});
  const keeper = inFile(join(folder, 'rows.jsonl'));
  // Longer than a piece, and with characters of several bytes at every place in it.
  const given = rowsOf([
    'ß',
    'é漢'.repeat(700_000),
    '',
    ...Array.from({ length: 3000 }, (_, n) => '漢'.repeat(n % 500)),
  ]);
  for (const row of given) keeper.add(row);
  expect([...keeper.rows()]).toEqual(given);
});
