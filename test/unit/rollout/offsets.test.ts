import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Offsets } from '../../../orchestrator/rollout/offsets.js';

test('holds what a map would hold, the last number of each hash', () => {
  // Few hashes, so that some come again, and some that fall on one slot.
  const hash = fc.oneof(
    fc.nat({ max: 50 }),
    fc.nat({ max: 5 }).map((n) => n * 2 ** 40),
    fc.nat({ max: 2 ** 48 - 1 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(hash, fc.nat())), (pairs) => {
      const offsets = new Offsets();
      for (const [key, offset] of pairs) offsets.set(key, offset);
      const map = new Map(pairs);
      expect(offsets.size).toBe(map.size);
      for (const [key, offset] of map) expect(offsets.get(key)).toBe(offset);
      expect(offsets.get(2 ** 47 + 12_345)).toBe(map.get(2 ** 47 + 12_345));
    }),
  );
});

test('grows', () => {
  const offsets = new Offsets();
  for (let n = 0; n < 100_000; n += 1) offsets.set((n * 2_654_435_761) % 2 ** 48, n);
  expect(offsets.size).toBe(100_000);
  for (let n = 0; n < 100_000; n += 997) expect(offsets.get((n * 2_654_435_761) % 2 ** 48)).toBe(n);
});
