import { groupBy, type Prompt } from '../records/index.js';
import { deriveSeed, shuffled } from '../statistics/index.js';
import type { Decision } from './decide.js';

/** The filter's word on one prompt, with the rollouts it took. */
export interface Decided extends Decision {
  readonly prompt: Prompt;
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
  /** Ids of the prompts that training may use, in prompt order. */
  readonly kept: readonly string[];
  /** As many prompts drawn at random, for a control without the filter. */
  readonly control: readonly string[];
}

export interface SummaryOptions {
  /** Rollouts of a prompt at most. */
  readonly rollouts: number;
  readonly exact: boolean;
  /** Whether undecided prompts are kept. */
  readonly keepUnknown: boolean;
  readonly seed: number;
}

/** What the filter found, from its decisions in prompt order. */
export function summarise(decided: readonly Decided[], options: SummaryOptions): FilterSummary {
  const { rollouts, exact, keepUnknown, seed } = options;
  const isKept = ({ decision }: Decided) => decision === 'keep' || (keepUnknown && isUnknown(decision));
  const kept = decided.filter(isKept).map(({ prompt }) => prompt.id);
  const drawn = shuffled(
    decided.map(({ prompt }) => prompt.id),
    deriveSeed(seed, 'filter/control'),
  ).slice(0, kept.length);
  const inOrder = new Set(drawn);
  return {
    ...countsOf(decided),
    exact,
    passHistogram: exact ? byRight(decided, rollouts) : inThree(decided),
    groups: groupsOf(decided),
    saved: savedOf(decided, rollouts),
    kept,
    control: decided.flatMap(({ prompt }) => (inOrder.has(prompt.id) ? [prompt.id] : [])),
  };
}

const isUnknown = (decision: Decision['decision']) => decision === 'unknown' || decision === 'more';

function countsOf(decided: readonly Decided[]): FilterCounts {
  const count = (test: (item: Decided) => boolean) => decided.filter(test).length;
  const dropped = ({ decision }: Decided) => decision === 'drop';
  return {
    prompts: decided.length,
    keep: count(({ decision }) => decision === 'keep'),
    drop: count(dropped),
    easy: count((item) => dropped(item) && item.correct === item.total),
    hard: count((item) => dropped(item) && item.correct === 0),
    unknown: count(({ decision }) => isUnknown(decision)),
    rollouts: decided.reduce((sum, item) => sum + item.rollouts, 0),
  };
}

function groupsOf(decided: readonly Decided[]): FilterSummary['groups'] {
  const groups = groupBy(decided, ({ prompt }) => `${prompt.source}\0${prompt.problemType}`);
  return [...groups].map(([name, items]) => {
    const [source = '', problemType = ''] = name.split('\0');
    return { source, problemType, ...countsOf(items) };
  });
}

function byRight(decided: readonly Decided[], rollouts: number): number[] {
  const histogram = Array.from({ length: rollouts + 1 }, () => 0);
  for (const { correct } of decided) histogram[correct] = (histogram[correct] ?? 0) + 1;
  return histogram;
}

function inThree(decided: readonly Decided[]): number[] {
  const graded = decided.filter(({ total }) => total > 0);
  const never = graded.filter(({ correct }) => correct === 0).length;
  const always = graded.filter(({ correct, total }) => correct === total).length;
  return [never, graded.length - never - always, always];
}

function savedOf(decided: readonly Decided[], rollouts: number): FilterSummary['saved'] {
  const all = decided.reduce((sum, item) => sum + item.tokens, 0);
  const made = decided.reduce((sum, item) => sum + item.rollouts, 0);
  const mean = made === 0 ? 0 : all / made;
  let tokens = 0;
  for (const item of decided) {
    const own = item.rollouts === 0 ? mean : item.tokens / item.rollouts;
    tokens += own * (rollouts - item.rollouts);
  }
  return { rollouts: decided.length * rollouts - made, tokens: Math.round(tokens) };
}
