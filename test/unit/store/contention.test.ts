import { expect, test } from 'vitest';
import { contend, expected } from './contention.js';

test('two writers and a reader for five seconds: nobody is turned away, and every count is exact', {
  timeout: 60_000,
}, async () => {
  const made = await contend(5);
  expect(made).toMatchObject(expected(made));
  expect(Math.min(...made.said, made.reader.ledgers, made.reader.pages)).toBeGreaterThan(0);
});
