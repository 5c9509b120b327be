import { hash } from 'node:crypto';

/** A seed of its own for each of many things (31 bits), the same whenever the parts are the same. */
export function deriveSeed(seed: number, ...parts: readonly (string | number)[]): number {
  return hash('sha256', [seed, ...parts].join('\0'), 'buffer').readUInt32LE(0) & 0x7fffffff;
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32: 32 bits of state, good enough to resample). */
export function createRandom(seed: number): () => number {
  // In a typed array the state stays a machine integer; as a captured variable every call would allocate it anew.
  const state = Int32Array.of(seed);
  return () => {
    const next = ((state[0] ?? 0) + 0x6d2b79f5) | 0;
    state[0] = next;
    let mixed = Math.imul(next ^ (next >>> 15), next | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The items in an order that depends on the seed alone (Fisher and Yates). */
export function shuffled<Item>(items: ArrayLike<Item>, seed: number): Item[] {
  const random = createRandom(seed);
  const order = Array.from({ length: items.length }, (_, index) => index);
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a = 0, b = 0] = [order[last], order[other]];
    order[last] = b;
    order[other] = a;
  }
  return order.map((index) => items[index] as Item);
}
