import { UserError } from '../errors.js';
import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt } from '../records/index.js';
import { writeDatasets } from './datasets.js';
import { type Decision, decide, type Group } from './decide.js';
import { type Decided, type FilterSummary, summarise } from './summary.js';

export type { FilterSummary } from './summary.js';

export const name = 'filter';
/** Raise when the stage's output for the same inputs changes. */
export const version = 2;

/** Rollouts of the first wave: fewer decide nothing. Each further wave is one rollout of what is still open. */
const FIRST_WAVE = 2;

/** What the result depends on, besides the weights and the engine. */
export function inputs(recipe: Recipe): unknown {
  const { filter, prompting, reward, video, engine, train } = recipe;
  const chooses = prompting.mode === 'adapt-think' ? { adaptThink: train.adaptThink } : {};
  return { ...chooses, filter, prompting: { mode: prompting.mode, parsers: prompting.parsers }, reward, video, engine };
}

export function estimate(recipe: Recipe, prompts: ReadonlyMap<string, readonly Prompt[]>): Estimate {
  const { enabled, rollouts: most, maxTokens, keepGrounding, exactPassRate } = recipe.filter;
  const sampled = (prompts.get('train') ?? []).filter(
    ({ problemType }) => exactPassRate || !keepGrounding || (problemType !== 'iou' && problemType !== 'gqa'),
  );
  const rollouts = enabled ? sampled.length * most : 0;
  return { rollouts, tokens: rollouts * maxTokens, steps: 0 };
}

/** A prompt's rollouts so far, and what they cost. */
interface Rollouts {
  readonly byIndex: Map<number, { readonly correct: boolean | null; readonly value: number | null }>;
  tokens: number;
}

/**
 * Samples the training prompts and keeps those that are neither always right nor never right (paper, appendix A). In
 * waves: a prompt gets no further rollout once it is decided. Seeds belong to the prompt and the place in its group, so the
 * prompts kept are those that all rollouts would have kept.
 */
export async function run(context: StageContext, weights: string): Promise<StageResult<FilterSummary>> {
  const { recipe, store, stageId } = context;
  const prompts = context.prompts.get('train') ?? [];
  const { rollouts, exactPassRate, unknown } = recipe.filter;
  let decided = decisionsOf(context, prompts, 0);
  for (let from = 0; from < rollouts; ) {
    const open = exactPassRate ? prompts : decided.filter(isOpen).map(({ prompt }) => prompt);
    if (open.length === 0) break;
    const count = exactPassRate ? rollouts : from === 0 ? Math.min(FIRST_WAVE, rollouts) : 1;
    await wave(context, weights, open, { from, count, of: prompts.length });
    from += count;
    decided = decisionsOf(context, prompts, from);
  }
  store.saveDecisions(
    stageId,
    decided.map(({ prompt, decision, reason, correct, total }) => {
      return { promptId: prompt.id, decision, reason, correct, total };
    }),
  );
  const options = { rollouts, exact: exactPassRate, keepUnknown: unknown === 'keep', seed: recipe.seed };
  const summary = summarise(decided, options);
  if (summary.unknown > 0) tellUnknown(context, summary.unknown);
  const artifacts = await writeDatasets(context, prompts, summary);
  return { summary, artifacts };
}

const isOpen = ({ decision }: Decision) => decision === 'more';

async function wave(
  { recipe, collect }: StageContext,
  weights: string,
  open: readonly Prompt[],
  { from, count, of }: { from: number; count: number; of: number },
): Promise<void> {
  const { rollouts, temperature, topP, maxTokens, exactPassRate } = recipe.filter;
  await collect(weights, {
    ...{ pass: 'filter', set: 'train', prompts: open, count },
    ...(exactPassRate ? {} : { from }),
    sampling: { temperature, topP, topK: 0, maxTokens, stop: [] },
    progress: { before: (of - open.length) * rollouts + open.length * from, total: of * rollouts },
  });
}

/** What is known of each prompt after `made` rollouts of those that are open; one that the engine failed to make is null. */
function decisionsOf(context: StageContext, prompts: readonly Prompt[], made: number): Decided[] {
  const { rollouts, keepGrounding, grounding, spread, exactPassRate } = context.recipe.filter;
  const options = { rollouts, keepGrounding, spread: grounding === 'spread' ? spread : undefined };
  const found = rolloutsOf(context);
  return prompts.map((prompt) => {
    const own = found.get(prompt.id);
    const tried = own === undefined ? 0 : exactPassRate ? made : Math.max(...own.byIndex.keys()) + 1;
    const at = Array.from({ length: tried }, (_, index) => own?.byIndex.get(index) ?? { correct: null, value: null });
    const group: Group = {
      correct: at.map(({ correct }) => correct),
      values: at.map(({ value }) => value),
      problemType: prompt.problemType,
    };
    return { prompt, rollouts: own?.byIndex.size ?? 0, tokens: own?.tokens ?? 0, ...decide(group, options) };
  });
}

function rolloutsOf({ store, stageId }: StageContext): Map<string, Rollouts> {
  const found = new Map<string, Rollouts>();
  const of = (promptId: string): Rollouts => {
    const known = found.get(promptId) ?? { byIndex: new Map(), tokens: 0 };
    found.set(promptId, known);
    return known;
  };
  for (const { promptId, index } of store.failures(stageId))
    of(promptId).byIndex.set(index, { correct: null, value: null });
  for (const { promptId, rollout, verdicts } of store.stageRows(stageId)) {
    const own = of(promptId);
    // No second box is a wrong answer; a failed grader (null inside the verdict) is not.
    const { correct, value } = verdicts.second ?? { correct: false, value: 0 };
    own.byIndex.set(rollout.index, { correct, value });
    own.tokens += rollout.tokenIds.length;
  }
  return found;
}

function tellUnknown(context: StageContext, count: number): void {
  const { unknown } = context.recipe.filter;
  const message = `${count} prompts could not be decided: rollouts failed or the grader gave no verdict`;
  if (unknown !== 'stop') {
    context.warn('filter-unknown', `${message}; filter.unknown is ${unknown}`);
    return;
  }
  throw new UserError({
    code: 'filter-unknown',
    kind: 'check',
    message,
    fix: 'try them again with --retry errors, or set filter.unknown to drop or keep',
  });
}
