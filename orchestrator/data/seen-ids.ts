import { hash } from 'node:crypto';

/** Words of 32 bits that an id takes: two of its hash, one for its place. */
const WORDS = 3;
const FIRST_SLOTS = 1024;

/** Where an id was seen first. */
export interface SeenAt {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * Which ids were seen, in which line of which file. Keeps 64 bits of each id's hash in an open-addressed table outside the
 * JavaScript heap: 24 to 48 bytes an id, however long; two ids of a million are taken for one with a chance of 3e-8.
 */
export class SeenIds {
  #table = new Uint32Array(FIRST_SLOTS * WORDS);
  #count = 0;
  /** Files in the order of reading, each with the number of lines before it. */
  readonly #files: { readonly name: string; readonly offset: number }[] = [];
  #lastPlace = 0;

  get size(): number {
    return this.#count;
  }

  /** The lines given from now on stand in this file. */
  beginFile(name: string): void {
    this.#files.push({ name, offset: this.#lastPlace });
  }

  /** Notes an id, or tells where it was seen before. */
  add(id: string, line: number): SeenAt | undefined {
    const place = (this.#files.at(-1)?.offset ?? 0) + line;
    this.#lastPlace = Math.max(this.#lastPlace, place);
    const digest = hash('sha1', id, 'buffer');
    const first = this.#put(this.#table, digest.readUInt32LE(0), digest.readUInt32LE(4), place);
    if (first !== undefined) return this.#placeOf(first);
    this.#count += 1;
    if (this.#count * WORDS * 2 > this.#table.length) this.#grow();
    return undefined;
  }

  /** Place 0 marks a free slot: places count from 1. */
  #put(table: Uint32Array, high: number, low: number, place: number): number | undefined {
    const slots = table.length / WORDS;
    for (let slot = low % slots; ; slot = (slot + 1) % slots) {
      const at = slot * WORDS;
      const known = table[at + 2] ?? 0;
      if (known === 0) {
        table.set([high, low, place], at);
        return undefined;
      }
      if (table[at] === high && table[at + 1] === low) return known;
    }
  }

  #grow(): void {
    const larger = new Uint32Array(this.#table.length * 2);
    for (let at = 0; at < this.#table.length; at += WORDS) {
      const [high = 0, low = 0, place = 0] = this.#table.subarray(at, at + WORDS);
      if (place !== 0) this.#put(larger, high, low, place);
    }
    this.#table = larger;
  }

  #placeOf(place: number): SeenAt {
    const file = this.#files.findLast(({ offset }) => offset < place);
    return { file: file?.name ?? '', line: place - (file?.offset ?? 0) };
  }
}
