import type { TraceRow, TracesAnswer } from '../../../api/index.js';
import { getJson, Refused } from '../../shared/api.js';

/** Rows of one request. */
export const BLOCK = 100;
/** Blocks that are kept: some screens to each side of what was read last. */
const KEPT = 40;
/** Milliseconds that a place must stand still before its rows are asked for, while others are under way. */
const STILL = 40;

/** What is known of all rows, from the newest answer. */
export type Totals = Pick<TracesAnswer, 'total' | 'all' | 'threshold' | 'indexed'>;

/**
 * The rows of one list of rollouts, read in blocks where they are looked at. Blocks that were looked at last stay;
 * requests for blocks that are no longer looked at are dropped.
 */
export class Blocks {
  error: Refused | undefined;
  /** In the order of their last use. */
  readonly #blocks = new Map<number, readonly TraceRow[]>();
  readonly #underWay = new Map<number, AbortController>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly addressOf: (offset: number, limit: number) => string,
    readonly onChange: () => void,
    /** What was known before, so that a list that is read again keeps its height. */
    public totals?: Totals,
  ) {}

  row(place: number): TraceRow | undefined {
    return this.#blocks.get(Math.floor(place / BLOCK))?.[place % BLOCK];
  }

  /** Sees to it that these rows are there soon, and those that come next into view. */
  look(first: number, last: number, direction: 1 | -1): void {
    const [from, to] = [Math.floor(first / BLOCK), Math.floor(last / BLOCK)];
    const wanted: number[] = [];
    for (let block = from; block <= to; block += 1) wanted.push(block);
    const next = direction === 1 ? to + 1 : from - 1;
    if (next >= 0 && (this.totals === undefined ? next === 0 : next * BLOCK < this.totals.total)) wanted.push(next);
    for (const [block, abort] of this.#underWay) if (!wanted.includes(block)) this.#drop(block, abort);
    clearTimeout(this.#timer);
    if (this.#underWay.size === 0) this.#ask(wanted);
    else this.#timer = setTimeout(() => this.#ask(wanted), STILL);
  }

  /** Asks again for what failed. */
  again(): void {
    this.error = undefined;
    this.onChange();
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const abort of this.#underWay.values()) abort.abort();
  }

  #drop(block: number, abort: AbortController): void {
    abort.abort();
    this.#underWay.delete(block);
  }

  #ask(blocks: readonly number[]): void {
    for (const block of blocks) {
      const known = this.#blocks.get(block);
      if (known) {
        this.#blocks.delete(block);
        this.#blocks.set(block, known);
      } else if (!this.#underWay.has(block) && this.error === undefined) this.#read(block);
    }
  }

  #read(block: number): void {
    const abort = new AbortController();
    this.#underWay.set(block, abort);
    getJson<TracesAnswer>(this.addressOf(block * BLOCK, BLOCK), abort.signal)
      .then((answer) => this.#keep(block, answer))
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        this.error = error instanceof Refused ? error : new Refused(0, 'bug', String(error), undefined);
      })
      .finally(() => {
        if (this.#underWay.get(block) === abort) this.#underWay.delete(block);
        if (!abort.signal.aborted) this.onChange();
      });
  }

  #keep(block: number, { rows, ...totals }: TracesAnswer): void {
    this.totals = totals;
    this.#blocks.set(block, rows);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= KEPT) break;
      this.#blocks.delete(oldest);
    }
  }
}
