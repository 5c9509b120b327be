/** How much of the past the mean remembers, in completions. */
const MEMORY = 200;

/** Estimates what an early exit saves: nobody knows what a completion would have gone on to say, but others did go on. */
export class Savings {
  #mean: number | null = null;
  #seen = 0;

  /** A completion that thought: tokens behind its first answer. */
  thought(tokens: number): void {
    this.#seen = Math.min(MEMORY, this.#seen + 1);
    this.#mean = (this.#mean ?? 0) + (tokens - (this.#mean ?? 0)) / this.#seen;
  }

  /** Tokens that an exit saves; null as long as no completion has thought. */
  get perExit(): number | null {
    return this.#mean === null ? null : Math.round(this.#mean);
  }
}
