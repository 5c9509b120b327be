const FIRST_SLOTS = 1024;

/**
 * Numbers by 48-bit hash, in an open-addressed table outside the JavaScript heap: 32 to 64 bytes each, so that millions weigh
 * little. The last number set counts.
 */
export class Offsets {
  /** Pairs of hash and number + 1; 0 marks a free slot. */
  #table = new Float64Array(2 * FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  set(hash: number, offset: number): void {
    if (put(this.#table, hash, offset + 1)) this.#size += 1;
    if (this.#size * 4 > this.#table.length) this.#grow();
  }

  get(hash: number): number | undefined {
    const found = this.#table[slotOf(this.#table, hash) + 1] as number;
    return found === 0 ? undefined : found - 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.#table.length * 2);
    for (let at = 0; at < this.#table.length; at += 2) {
      const stored = this.#table[at + 1] as number;
      if (stored !== 0) put(larger, this.#table[at] as number, stored);
    }
    this.#table = larger;
  }
}

/** Whether the hash is a new one. */
function put(table: Float64Array, hash: number, stored: number): boolean {
  const slot = slotOf(table, hash);
  const free = table[slot + 1] === 0;
  table[slot] = hash;
  table[slot + 1] = stored;
  return free;
}

/** Where a hash stands, or is to stand. */
function slotOf(table: Float64Array, hash: number): number {
  const slots = table.length / 2;
  for (let slot = hash % slots; ; slot = (slot + 1) % slots) {
    const at = slot * 2;
    if (table[at + 1] === 0 || table[at] === hash) return at;
  }
}
