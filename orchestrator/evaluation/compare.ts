import { pairedBootstrap } from '../statistics/index.js';
import { INTERVAL, type Metric, type Policy, type Taken, take } from './metrics.js';
import type { Sample } from './sample.js';

type Comparison = Metric & { readonly policy: Policy };

/**
 * What one policy does beside another on the same traces, paired by sample, with 95% intervals over clusters: accuracy
 * that thinking adds (`always` versus-never), accuracy that exiting early costs (`auto` versus-always) and the share of
 * generated tokens it saves (`auto` token-saving, relative to the mean of always thinking). Only pairs of which both are
 * among `policies`.
 */
export function comparePolicies(
  samples: readonly Sample[],
  policies: readonly Policy[],
  threshold: number,
): Comparison[] {
  const pairs = (policy: Policy, other: Policy) =>
    samples.map((sample) => [take(sample, policy, threshold), take(sample, other, threshold)] as const);
  const always = samples.map((sample) => take(sample, 'always', threshold).tokens);
  const meanTokens = always.reduce((sum, tokens) => sum + tokens, 0) / always.length;
  const has = (...names: Policy[]) => names.every((name) => policies.includes(name));
  const correct = (taken: Taken) => Number(taken.verdict?.correct === true);
  const spared = (taken: Taken) => -taken.tokens / meanTokens;
  return [
    ...(has('always', 'never') ? [difference('always', 'versus-never', pairs('always', 'never'), correct)] : []),
    ...(has('auto', 'always')
      ? [
          difference('auto', 'versus-always', pairs('auto', 'always'), correct),
          difference('auto', 'token-saving', pairs('auto', 'always'), spared),
        ]
      : []),
  ];
}

function difference(
  policy: Policy,
  name: string,
  pairs: readonly (readonly [Taken, Taken])[],
  pick: (taken: Taken) => number,
): Comparison {
  if (pairs.length === 0) return { policy, name, value: null, n: 0 };
  const clusters = pairs.map(([{ sample }]) => sample.cluster);
  const { mean, low, high } = pairedBootstrap(
    pairs.map(([taken, other]) => pick(taken) - pick(other)),
    { ...INTERVAL, clusters },
  );
  return { policy, name, value: mean, low, high, n: pairs.length };
}
