import { type ProblemType, type PromptSet, problemTypes } from '../records/index.js';
import type { Outcome } from '../store/index.js';
import type { Tally } from './decide.js';

/** Rollouts of a prompt at most, so that they can be counted in 16 bits. */
const MOST = 0xffff;

/**
 * What is known of each prompt, by its place in the set: some 30 bytes a prompt outside the JavaScript heap, however many
 * prompts there are.
 */
export class Tallies {
  readonly #types: Uint8Array;
  readonly #done: Uint16Array;
  readonly #graded: Uint16Array;
  readonly #right: Uint16Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #tokens: Uint32Array;

  constructor(prompts: PromptSet) {
    const { length } = prompts;
    this.#types = new Uint8Array(length);
    // Not Uint8Array.from, which makes a list of all prompts first.
    let place = 0;
    for (const { problemType } of prompts) {
      this.#types[place] = problemTypes.indexOf(problemType);
      place += 1;
    }
    this.#done = new Uint16Array(length);
    this.#graded = new Uint16Array(length);
    this.#right = new Uint16Array(length);
    this.#low = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
    this.#high = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
    this.#tokens = new Uint32Array(length);
  }

  /** A rollout that was made. */
  add({ place, correct, value, tokens }: Pick<Outcome, 'place' | 'correct' | 'value' | 'tokens'>): void {
    if (place === null) return;
    this.#tokens[place] = this.tokens(place) + tokens;
    if (correct === null) return;
    this.#graded[place] = (this.#graded[place] as number) + 1;
    this.#right[place] = (this.#right[place] as number) + Number(correct);
    if (value === null) return;
    this.#low[place] = Math.min(this.#low[place] as number, value);
    this.#high[place] = Math.max(this.#high[place] as number, value);
  }

  /** So many rollouts of a prompt were asked for by now. */
  asked(place: number, done: number): void {
    if (done > MOST) throw new RangeError(`${done} rollouts of one prompt`);
    this.#done[place] = done;
  }

  of(place: number): Tally {
    return {
      problemType: problemTypes[this.#types[place] as number] as ProblemType,
      done: this.#done[place] as number,
      graded: this.#graded[place] as number,
      right: this.#right[place] as number,
      low: this.#low[place] as number,
      high: this.#high[place] as number,
    };
  }

  /** Tokens of its rollouts together. */
  tokens(place: number): number {
    return this.#tokens[place] as number;
  }
}
