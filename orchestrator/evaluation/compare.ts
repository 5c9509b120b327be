import { groupBy } from '../records/index.js';
import { pairedBootstrap } from '../statistics/index.js';
import { INTERVAL, type Metric, type Policy, type Taken, take } from './metrics.js';
import type { Sample } from './sample.js';

type Comparison = Metric & { readonly policy: Policy };

/** Answers of each policy; `undefined` where it was not evaluated. */
export type Answers = Readonly<Partial<Record<Policy, readonly Taken[]>>>;

/** `compareAnswers` of policies that are read off the same traces. */
export function comparePolicies(
  samples: readonly Sample[],
  policies: readonly Policy[],
  threshold: number,
): Comparison[] {
  const read = (policy: Policy) => samples.map((sample) => take(sample, policy, threshold));
  return compareAnswers(Object.fromEntries(policies.map((policy) => [policy, read(policy)])));
}

/**
 * What one policy does beside another, paired by prompt, with 95% intervals over clusters: accuracy that thinking adds
 * (`always` versus-never), accuracy that not always thinking costs (`auto` versus-always) and the share of generated
 * tokens it saves (`auto` token-saving, relative to the mean of always thinking). Only pairs of which both are there.
 */
export function compareAnswers({ never, always, auto }: Answers): Comparison[] {
  const correct = (taken: Taken) => Number(taken.verdict?.correct === true);
  const meanTokens = always === undefined ? 1 : always.reduce((sum, { tokens }) => sum + tokens, 0) / always.length;
  const spared = (taken: Taken) => -taken.tokens / meanTokens;
  return [
    ...(always && never ? [difference('always', 'versus-never', pairsOf(always, never), correct)] : []),
    ...(auto && always
      ? [
          difference('auto', 'versus-always', pairsOf(auto, always), correct),
          difference('auto', 'token-saving', pairsOf(auto, always), spared),
        ]
      : []),
  ];
}

type Pair = readonly [Taken, Taken];

/** By prompt, each time the next answer to it. */
function pairsOf(some: readonly Taken[], others: readonly Taken[]): Pair[] {
  const waiting = groupBy(others, ({ sample }) => sample.prompt.id);
  const taken = new Map<string, number>();
  return some.flatMap((one): Pair[] => {
    const { id } = one.sample.prompt;
    const place = taken.get(id) ?? 0;
    taken.set(id, place + 1);
    const other = waiting.get(id)?.[place];
    return other ? [[one, other]] : [];
  });
}

function difference(policy: Policy, name: string, pairs: readonly Pair[], pick: (taken: Taken) => number): Comparison {
  if (pairs.length === 0) return { policy, name, value: null, n: 0 };
  const clusters = pairs.map(([{ sample }]) => sample.cluster);
  const { mean, low, high } = pairedBootstrap(
    pairs.map(([taken, other]) => pick(taken) - pick(other)),
    { ...INTERVAL, clusters },
  );
  return { policy, name, value: mean, low, high, n: pairs.length };
}
