import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt } from '../records/index.js';
import { decide } from './decide.js';

export const name = 'filter';
/** Raise when the stage's output for the same inputs changes. */
export const version = 1;

export interface FilterSummary {
  readonly prompts: number;
  readonly keep: number;
  readonly drop: number;
  readonly unknown: number;
  readonly rollouts: number;
  /** Prompts by number of right rollouts, index 0 … `rollouts`. */
  readonly passHistogram: readonly number[];
  /** Ids of the prompts that training may use, in prompt order. */
  readonly kept: readonly string[];
}

/** What the result depends on, besides the weights and the engine. */
export function inputs(recipe: Recipe): unknown {
  const { filter, prompting, reward, video, engine } = recipe;
  return { filter, prompting: { mode: prompting.mode, parsers: prompting.parsers }, reward, video, engine };
}

export function estimate(recipe: Recipe, prompts: ReadonlyMap<string, readonly Prompt[]>): Estimate {
  const rollouts = recipe.filter.enabled ? (prompts.get('train')?.length ?? 0) * recipe.filter.rollouts : 0;
  return { rollouts, tokens: rollouts * recipe.filter.maxTokens, steps: 0 };
}

/** Samples every training prompt and keeps those that are neither always right nor never right (paper, appendix A). */
export async function run(context: StageContext, weights: string): Promise<StageResult<FilterSummary>> {
  const { recipe, store, stageId } = context;
  const prompts = context.prompts.get('train') ?? [];
  const { rollouts, temperature, topP, maxTokens, keepGrounding } = recipe.filter;
  await context.collect(weights, {
    pass: 'filter',
    set: 'train',
    prompts,
    count: rollouts,
    sampling: { temperature, topP, topK: 0, maxTokens, stop: [] },
  });
  const groups = groupRows(context, prompts);
  const decisions = prompts.map((prompt) => {
    const group = groups.get(prompt.id) ?? { correct: [], values: [] };
    return {
      promptId: prompt.id,
      ...decide({ ...group, problemType: prompt.problemType }, { rollouts, keepGrounding }),
    };
  });
  store.saveDecisions(stageId, decisions);
  const count = (decision: string) => decisions.filter((item) => item.decision === decision).length;
  const passHistogram = Array.from({ length: rollouts + 1 }, () => 0);
  for (const item of decisions) passHistogram[item.correct] = (passHistogram[item.correct] ?? 0) + 1;
  const unknown = count('unknown') + count('more');
  if (unknown > 0)
    context.warn(
      'filter-unknown',
      `${unknown} prompts could not be decided: rollouts failed or the grader gave no verdict`,
    );
  return {
    summary: {
      prompts: prompts.length,
      keep: count('keep'),
      drop: count('drop'),
      unknown,
      rollouts: prompts.length * rollouts,
      passHistogram,
      kept: decisions.filter((item) => item.decision === 'keep').map((item) => item.promptId),
    },
    artifacts: [],
  };
}

function groupRows(context: StageContext, prompts: readonly Prompt[]) {
  const groups = new Map(
    prompts.map((prompt) => [prompt.id, { correct: [] as (boolean | null)[], values: [] as (number | null)[] }]),
  );
  for (const row of context.store.stageRows(context.stageId)) {
    // No second box is a wrong answer; a failed grader (null inside the verdict) is not.
    const verdict = row.verdicts.second ?? { correct: false, value: 0 };
    const group = groups.get(row.promptId);
    group?.correct.push(verdict.correct);
    group?.values.push(verdict.value);
  }
  return groups;
}
