import { UserError } from '../errors.js';
import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt } from '../records/index.js';
import { writeDatasets } from './datasets.js';
import { decide, type Group } from './decide.js';
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

/** A prompt's rollouts so far, by place in the group (null: failed, or without a verdict), and what they cost. */
interface Made {
  readonly correct: (boolean | null)[];
  readonly values: (number | null)[];
  rollouts: number;
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
  const made = reader(context);
  const decided = new Map<string, Decided>();
  const decideAll = (of: readonly Prompt[], tried: number) => {
    made.read();
    for (const prompt of of) decided.set(prompt.id, decisionOf(context, prompt, made.of(prompt.id), tried));
  };
  decideAll(prompts, 0);
  for (let from = 0; from < rollouts; ) {
    const open = exactPassRate ? prompts : prompts.filter(({ id }) => decided.get(id)?.decision === 'more');
    if (open.length === 0) break;
    const count = exactPassRate ? rollouts : from === 0 ? Math.min(FIRST_WAVE, rollouts) : 1;
    await wave(context, weights, open, { from, count, of: prompts.length });
    from += count;
    decideAll(open, from);
  }
  const all = prompts.flatMap(({ id }) => decided.get(id) ?? []);
  store.saveDecisions(
    stageId,
    all.map(({ prompt, decision, reason, correct, total }) => {
      return { promptId: prompt.id, decision, reason, correct, total };
    }),
  );
  const options = { rollouts, exact: exactPassRate, keepUnknown: unknown === 'keep', seed: recipe.seed };
  const summary = summarise(all, options);
  if (summary.unknown > 0) tellUnknown(context, summary.unknown);
  const artifacts = await writeDatasets(context, prompts, summary);
  return { summary, artifacts };
}

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

/** What is known of a prompt after `tried` rollouts of those that are open; one that the engine failed to make is null. */
function decisionOf(context: StageContext, prompt: Prompt, own: Made | undefined, tried: number): Decided {
  const { rollouts, keepGrounding, grounding, spread, exactPassRate } = context.recipe.filter;
  const options = { rollouts, keepGrounding, spread: grounding === 'spread' ? spread : undefined };
  const length = own === undefined ? 0 : exactPassRate ? tried : own.correct.length;
  const group: Group = {
    correct: Array.from({ length }, (_, index) => own?.correct[index] ?? null),
    values: Array.from({ length }, (_, index) => own?.values[index] ?? null),
    problemType: prompt.problemType,
  };
  return { prompt, rollouts: own?.rollouts ?? 0, tokens: own?.tokens ?? 0, ...decide(group, options) };
}

/** What the store has of the stage, read row by row once, however many waves there are. */
function reader({ store, stageId }: StageContext) {
  const found = new Map<string, Made>();
  let last = 0;
  const note = (promptId: string, index: number, correct: boolean | null, value: number | null, tokens: number) => {
    const made = found.get(promptId) ?? { correct: [], values: [], rollouts: 0, tokens: 0 };
    found.set(promptId, made);
    if (made.correct[index] === undefined) made.rollouts += 1;
    made.correct[index] = correct;
    made.values[index] = value;
    made.tokens += tokens;
  };
  return {
    of: (promptId: string) => found.get(promptId),
    read(): void {
      for (const { promptId, index } of store.failures(stageId)) note(promptId, index, null, null, 0);
      for (const { id, promptId, index, correct, value, tokens } of store.outcomes(stageId, last)) {
        note(promptId, index, correct, value, tokens);
        last = id;
      }
    },
  };
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
