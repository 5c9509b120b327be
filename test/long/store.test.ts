// Two writers and a reader on one store for a minute. The unit tests do the same for five seconds.
import { expect, test } from 'vitest';
import { contend, expected } from '../unit/store/contention.js';

test('two writers and a reader for a minute', { timeout: 300_000 }, async () => {
  const made = await contend(60);
  expect(made).toMatchObject(expected(made));
  console.log(JSON.stringify({ units: made.stored, reader: made.reader }));
  expect(Math.min(...made.said, made.reader.ledgers)).toBeGreaterThan(20);
});
