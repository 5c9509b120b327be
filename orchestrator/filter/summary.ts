import type { ProblemType } from '../records/index.js';
import type { Decision } from './decide.js';

/** The filter's word on one prompt, with the rollouts it took. */
export interface Decided extends Decision {
  readonly source: string;
  readonly problemType: ProblemType;
  readonly rollouts: number;
  readonly tokens: number;
}

export interface FilterCounts {
  readonly prompts: number;
  readonly keep: number;
  readonly drop: number;
  /** Of the dropped: all rollouts right, all wrong; the rest are alike in another way. */
  readonly easy: number;
  readonly hard: number;
  readonly unknown: number;
  readonly rollouts: number;
}

export interface FilterSummary extends FilterCounts {
  /** Whether every prompt has all its rollouts, so that its pass rate is exact. */
  readonly exact: boolean;
  /** Prompts by number of right rollouts, index 0 … `rollouts`; with early decisions: never right, mixed, always right. */
  readonly passHistogram: readonly number[];
  /** By source and problem type. */
  readonly groups: readonly (FilterCounts & { readonly source: string; readonly problemType: string })[];
  /** What deciding early saved; tokens at the mean of each prompt's own rollouts. */
  readonly saved: { readonly rollouts: number; readonly tokens: number };
}

type Counts = { -readonly [name in keyof FilterCounts]: number };

/** Sums up decisions. */
export class Summing {
  readonly #all: Counts = none();
  readonly #groups = new Map<string, Counts & { readonly source: string; readonly problemType: string }>();
  readonly #histogram: number[];
  #tokens = 0;
  #savedTokens = 0;
  /** Rollouts saved of prompts that have none, whose length is not known. */
  #unseen = 0;

  /** `rollouts`: of a prompt at most; `exact`: every prompt has all of them. */
  constructor(
    readonly rollouts: number,
    readonly exact: boolean,
  ) {
    this.#histogram = Array.from({ length: exact ? rollouts + 1 : 3 }, () => 0);
  }

  add(item: Decided): void {
    const { source, problemType, rollouts, tokens } = item;
    const name = `${source}\0${problemType}`;
    const group = this.#groups.get(name) ?? { source, problemType, ...none() };
    this.#groups.set(name, group);
    for (const counts of [this.#all, group]) count(counts, item);
    this.#count(item);
    this.#tokens += tokens;
    if (rollouts === 0) this.#unseen += this.rollouts;
    else this.#savedTokens += (tokens / rollouts) * (this.rollouts - rollouts);
  }

  summary(): FilterSummary {
    const { prompts, rollouts } = this.#all;
    const mean = rollouts === 0 ? 0 : this.#tokens / rollouts;
    return {
      ...this.#all,
      exact: this.exact,
      passHistogram: this.#histogram,
      groups: [...this.#groups.values()],
      saved: {
        rollouts: prompts * this.rollouts - rollouts,
        tokens: Math.round(this.#savedTokens + mean * this.#unseen),
      },
    };
  }

  #count({ correct, total }: Decided): void {
    const bin = this.exact ? correct : correct === 0 ? 0 : correct === total ? 2 : 1;
    if (this.exact || total > 0) this.#histogram[bin] = (this.#histogram[bin] ?? 0) + 1;
  }
}

function none(): Counts {
  return { prompts: 0, keep: 0, drop: 0, easy: 0, hard: 0, unknown: 0, rollouts: 0 };
}

function count(counts: Counts, { decision, correct, total, rollouts }: Decided): void {
  counts.prompts += 1;
  counts.rollouts += rollouts;
  if (decision === 'keep') counts.keep += 1;
  else if (isUnknown(decision)) counts.unknown += 1;
  else {
    counts.drop += 1;
    if (correct === total) counts.easy += 1;
    if (correct === 0) counts.hard += 1;
  }
}

const isUnknown = (decision: Decision['decision']) => decision === 'unknown' || decision === 'more';
