import { UserError } from '../errors.js';
import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import { type PromptSet, type Prompts, Selection } from '../records/index.js';
import type { DecisionRow } from '../store/index.js';
import { writeDatasets } from './datasets.js';
import { type Decision, decide, isGrounding } from './decide.js';
import { type FilterSummary, Summing } from './summary.js';
import { Tallies } from './tallies.js';

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

export function estimate(recipe: Recipe, prompts: ReadonlyMap<string, Prompts>): Estimate {
  const { enabled, rollouts: most, maxTokens, keepGrounding, exactPassRate } = recipe.filter;
  let sampled = 0;
  for (const { problemType } of prompts.get('train') ?? [])
    if (exactPassRate || !keepGrounding || !isGrounding(problemType)) sampled += 1;
  const rollouts = enabled ? sampled * most : 0;
  return { rollouts, tokens: rollouts * maxTokens, steps: 0 };
}

/**
 * Samples the training prompts and keeps those that are neither always right nor never right (paper, appendix A). In
 * waves: a prompt gets no further rollout once it is decided. Seeds belong to the prompt and the place in its group, so the
 * prompts kept are those that all rollouts would have kept. A stage that goes on after an interruption asks for the same waves: each
 * is decided by the rollouts of the waves before it alone, whatever else the store has already.
 */
export async function run(context: StageContext, weights: string): Promise<StageResult<FilterSummary>> {
  const { rollouts, exactPassRate } = context.recipe.filter;
  const prompts = context.prompts.get('train') ?? [];
  const tallies = new Tallies(prompts);
  const read = reader(context, tallies);
  const undecided = (place: number) => exactPassRate || decisionOf(context, tallies, place).decision === 'more';
  let open = Uint32Array.from({ length: prompts.length }, (_, place) => place).filter(undecided);
  for (let from = 0; from < rollouts && open.length > 0; ) {
    const count = exactPassRate ? rollouts : from === 0 ? Math.min(FIRST_WAVE, rollouts) : 1;
    await wave(context, weights, new Selection(prompts, open), { from, count, of: prompts.length });
    from += count;
    for (const place of open) tallies.asked(place, from);
    read(from);
    open = open.filter(undecided);
  }
  const summing = new Summing(rollouts, exactPassRate);
  context.store.saveDecisions(context.stageId, decisions(context, prompts, tallies, summing));
  const summary = summing.summary();
  if (summary.unknown > 0) tellUnknown(context, summary.unknown);
  const kept = keptOf(context, prompts, context.stageId);
  return { summary, artifacts: await writeDatasets(context, prompts, kept) };
}

/** The prompts that training may use, by the decisions of a filter stage that is over. */
export function keptOf({ recipe, store }: Pick<StageContext, 'recipe' | 'store'>, prompts: PromptSet, stageId: number) {
  const as = recipe.filter.unknown === 'keep' ? (['keep', 'unknown', 'more'] as const) : (['keep'] as const);
  return new Selection(prompts, store.decided(stageId, as));
}

async function wave(
  { recipe, collect }: StageContext,
  weights: string,
  open: PromptSet,
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

function decisionOf({ recipe }: StageContext, tallies: Tallies, place: number): Decision {
  const { rollouts, keepGrounding, grounding, spread } = recipe.filter;
  return decide(tallies.of(place), {
    rollouts,
    keepGrounding,
    spread: grounding === 'spread' ? spread : undefined,
  });
}

/** Takes up what the store has of the places in the group below a number, row by row once: waves are committed one after another. */
function reader({ store, stageId }: StageContext, tallies: Tallies): (below: number) => void {
  let last = 0;
  return (below) => {
    for (const outcome of store.outcomes(stageId, last)) {
      if (outcome.index >= below) return;
      tallies.add(outcome);
      last = outcome.id;
    }
  };
}

/** The last word on each prompt, summed up on its way to the store. */
function* decisions(
  context: StageContext,
  prompts: PromptSet,
  tallies: Tallies,
  summing: Summing,
): Generator<DecisionRow> {
  let place = 0;
  for (const { id, source, problemType } of prompts) {
    const decision = decisionOf(context, tallies, place);
    const cost = { rollouts: tallies.of(place).done, tokens: tallies.tokens(place) };
    summing.add({ source, problemType, ...cost, ...decision });
    yield { promptId: id, ...decision };
    place += 1;
  }
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
