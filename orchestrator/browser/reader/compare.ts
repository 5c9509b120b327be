import { groupBy, OVERALL } from '../../records/index.js';
import { bootstrapMean, type Interval, mcnemar, pairedBootstrap } from '../../statistics/index.js';
import type { CompareAnswer, Estimate, FlipKind, PairedDifference, PolicyName } from '../api/index.js';
import { clusterOf, type Evaluated, taken } from './evaluated.js';

const INTERVAL = { seed: 1, draws: 2000, level: 0.95 } as const;

/** One run as it is compared. */
export interface Side {
  readonly items: readonly Evaluated[];
  readonly threshold: number;
}

export interface Pair {
  readonly before: Evaluated;
  readonly after: Evaluated;
  readonly kind: FlipKind;
}

/** Each benchmark with the value of every run, and of each but the first what it does beside the first. */
export function compareSides(sides: readonly Side[], policy: PolicyName): CompareAnswer['benchmarks'] {
  const names = [...new Set(sides.flatMap(({ items }) => items.map(({ benchmark }) => benchmark)))].sort();
  const all = names.length > 1 ? [...names, OVERALL] : names;
  return all.map((benchmark) => {
    const parts = sides.map((side) => partOf(side, benchmark));
    const [baseline, ...others] = parts;
    return {
      benchmark,
      values: parts.map((part) => (part.items.length === 0 ? null : accuracyOf(part, policy))),
      differences: others.map((other) => (baseline ? differenceOf(baseline, other, policy) : null)),
    };
  });
}

function partOf({ items, threshold }: Side, benchmark: string): Side {
  return { items: benchmark === OVERALL ? items : items.filter((item) => item.benchmark === benchmark), threshold };
}

function accuracyOf({ items, threshold }: Side, policy: PolicyName) {
  const answers = items.map((item) => taken(item, policy, threshold));
  const clusters = items.map(clusterOf);
  const accuracy = bootstrapMean(
    answers.map(({ right }) => Number(right)),
    { ...INTERVAL, clusters },
  );
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0) / answers.length;
  return { accuracy: estimateOf(accuracy, items.length), tokens };
}

/** Paired by question; the intervals are over clusters (one video is one). Null without pairs. */
export function differenceOf(before: Side, after: Side, policy: PolicyName): PairedDifference | null {
  const pairs = pairsOf(before, after, policy);
  if (pairs.length === 0) return null;
  const clusters = pairs.map((pair) => clusterOf(pair.before));
  const change = (of: (answer: ReturnType<typeof taken>) => number) =>
    pairedBootstrap(
      pairs.map(
        (pair) => of(taken(pair.after, policy, after.threshold)) - of(taken(pair.before, policy, before.threshold)),
      ),
      { ...INTERVAL, clusters },
    );
  const number = (kind: FlipKind) => pairs.filter((pair) => pair.kind === kind).length;
  const [fixed, broken] = [number('fixed'), number('broken')];
  return {
    n: pairs.length,
    unpaired: before.items.length + after.items.length - 2 * pairs.length,
    accuracy: estimateOf(
      change(({ right }) => Number(right)),
      pairs.length,
    ),
    tokens: estimateOf(
      change(({ tokens }) => tokens),
      pairs.length,
    ),
    ...{ fixed, broken, sameRight: number('same-right'), sameWrong: number('same-wrong') },
    pValue: mcnemar(broken, fixed),
  };
}

/** Questions that both answered. */
export function pairsOf(before: Side, after: Side, policy: PolicyName): Pair[] {
  const others = groupBy(after.items, ({ identity }) => identity);
  return before.items.flatMap((item) => {
    const other = others.get(item.identity)?.shift();
    if (other === undefined) return [];
    const [was, is] = [taken(item, policy, before.threshold).right, taken(other, policy, after.threshold).right];
    const kind: FlipKind = was === is ? (is ? 'same-right' : 'same-wrong') : is ? 'fixed' : 'broken';
    return [{ before: item, after: other, kind }];
  });
}

function estimateOf({ mean, low, high }: Interval, n: number): Estimate {
  return { value: mean, low, high, n };
}
