import type { Recipe } from '../recipe/index.js';
import type { MetricRow } from '../store/index.js';
import { type Answers, compareAnswers } from './compare.js';
import { choiceMetrics, type Policy, type Taken, takenMetrics } from './metrics.js';
import type { Sample } from './sample.js';

/** Pass of each policy of a trained switch, whose replies are made one by one: as it chooses, made to answer, made to think. */
export const SWITCH_PASSES: Readonly<Record<Policy, string>> = { auto: 'greedy', never: 'direct', always: 'think' };

/** What the passes that are made to begin in one way begin with, for the policies asked for. */
export function forcedPasses({
  evaluate,
  train,
}: Pick<Recipe, 'evaluate' | 'train'>): { pass: string; begin: string }[] {
  const { direct, think } = train.adaptThink;
  const begins = { never: direct, always: think };
  return (['never', 'always'] as const)
    .filter((policy) => evaluate.policies.includes(policy))
    .map((policy) => ({ pass: SWITCH_PASSES[policy], begin: begins[policy] }));
}

/** A reply as it is: its one answer, its tokens, and whether it thought. */
export function asReplied(sample: Sample): Taken {
  const { trace, verdicts } = sample;
  return {
    sample,
    exit: trace.think === null,
    box: trace.second,
    verdict: verdicts.second,
    tokens: trace.tokens.total,
  };
}

/**
 * Metrics of the policies of a trained switch, as `metricsOf` and `comparePolicies` give them for a gate. The think ratio
 * is measured in every pass, also in those that were made to begin directly.
 */
export function switchMetrics(benchmark: string, samples: readonly Sample[], policies: readonly Policy[]): MetricRow[] {
  const of = (policy: Policy) => samples.filter(({ pass }) => pass === SWITCH_PASSES[policy]).map(asReplied);
  const answers: Answers = Object.fromEntries(policies.map((policy) => [policy, of(policy)]));
  const rows = policies.flatMap((policy) => {
    const taken = answers[policy] ?? [];
    const choice = policy === 'auto' ? choiceMetrics(taken, needyOf(answers)) : [];
    return takenMetrics(taken, choice).map((metric) => ({ benchmark, policy, ...metric }));
  });
  return [...rows, ...compareAnswers(answers).map((metric) => ({ benchmark, ...metric }))];
}

/** What replies cost that were sampled, and how many thought: a greedy switch takes one side even where it hardly leans to it. */
export function sampledChoice(benchmark: string, sampled: readonly Sample[]): MetricRow[] {
  return takenMetrics(sampled.map(asReplied), [])
    .filter(({ name }) => name === 'tokens' || name === 'think-ratio')
    .map((metric) => ({ benchmark, policy: 'sampled', ...metric }));
}

/** What the switch makes of questions that are answered wrongly at once and rightly after thinking. */
function needyOf({ never = [], always = [], auto = [] }: Answers): Taken[] {
  const right = (taken: readonly Taken[]) =>
    new Set(taken.filter(({ verdict }) => verdict?.correct === true).map(({ sample }) => sample.prompt.id));
  const [atOnce, thinking] = [right(never), right(always)];
  return auto.filter(({ sample: { prompt } }) => !atOnce.has(prompt.id) && thinking.has(prompt.id));
}
