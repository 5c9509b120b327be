import type { Prompt } from './prompt.js';

const BENCHMARK = 'benchmark:';

/** Name of a benchmark's prompt set in the store. */
export function benchmarkSet(benchmark: string): string {
  return BENCHMARK + benchmark;
}

/** The benchmark whose prompts are in a set; any other set keeps its name. */
export function benchmarkOf(set: string): string {
  return set.startsWith(BENCHMARK) ? set.slice(BENCHMARK.length) : set;
}

/** Prompts in their order, read as they are needed: there may be more of them than memory holds. An array will do, too. */
export interface Prompts extends Iterable<Prompt> {
  readonly length: number;
}

/** Prompts that can be had one by one, too. */
export interface PromptSet extends Prompts {
  /** The prompt at a place (from 0). */
  at(place: number): Prompt | undefined;
}

/** Some prompts of a set, by their places in it. */
export class Selection implements PromptSet {
  constructor(
    readonly of: PromptSet,
    readonly places: ArrayLike<number>,
  ) {}

  get length(): number {
    return this.places.length;
  }

  at(place: number): Prompt | undefined {
    const found = this.places[place];
    return found === undefined ? undefined : this.of.at(found);
  }

  *[Symbol.iterator](): Iterator<Prompt> {
    for (let place = 0; place < this.length; place += 1) {
      const prompt = this.at(place);
      if (prompt !== undefined) yield prompt;
    }
  }
}

/** Finds prompts of a set by their ids; of each prompt only the id is kept in memory. */
export class PromptIndex {
  readonly #places = new Map<string, number>();

  constructor(readonly prompts: PromptSet) {
    for (const { id } of prompts) this.#places.set(id, this.#places.size);
  }

  /** In the order of the set. */
  get ids(): string[] {
    return [...this.#places.keys()];
  }

  placeOf(id: string): number | undefined {
    return this.#places.get(id);
  }

  find(id: string): Prompt | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.prompts.at(place);
  }
}
