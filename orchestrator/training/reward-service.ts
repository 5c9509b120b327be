import { z } from 'zod';
import type { StageContext } from '../pipeline/stage.js';
import { type PromptIndex, Selection } from '../records/index.js';
import { shuffled } from '../statistics/index.js';
import type { RolloutRow } from '../store/index.js';
import type { EngineRollouts } from './engine-rollouts.js';
import { summarise } from './step-summary.js';
import type { StoredGroups } from './stored-groups.js';

/** What TRL's reward function asks (snake_case: the wire to Python). */
const requestSchema = z.object({
  step: z.number().int(),
  /** Place of the first completion in the round, where each process asks for its own part of it. */
  part: z.number().int().optional(),
  completions: z.array(
    z.object({
      prompt_id: z.string(),
      index: z.number().int(),
      text: z.string(),
      token_ids: z.array(z.number().int()),
      truncated: z.boolean(),
    }),
  ),
});
type Completion = z.infer<typeof requestSchema>['completions'][number];

/**
 * Answers TRL's reward function: one reward per completion, in order; null where the grader failed or the engine made
 * none, which TRL leaves out of the group. Graded completions go into the store with their verdicts, as far as
 * `stored` lets them, as unit `step/N` of the first step that they are for; where several processes train,
 * `step/N/part/PLACE` for the part of each.
 */
export function rewardHandler(
  context: StageContext,
  prompts: PromptIndex,
  engine: EngineRollouts | undefined,
  stored: StoredGroups,
): (payload: unknown) => Promise<{ rewards: (number | null)[]; metrics: Readonly<Record<string, number>> }> {
  // A resumed run repeats the steps after its last checkpoint: their rows are there already.
  const committed = new Set(context.store.committedUnits(context.stageId));
  const commit = (unit: string, rows: readonly RolloutRow[]): void => {
    if (!committed.has(unit)) context.store.commitUnit(context.stageId, unit, rows, []);
    committed.add(unit);
  };
  return async (payload) => {
    const { step, part, completions } = requestSchema.parse(payload);
    const round = engine?.round(step);
    const rows = round?.rows ?? (await gradeCompletions(context, prompts, completions, step));
    const keep = (unit: string, made: readonly RolloutRow[], kept: readonly RolloutRow[]): void => {
      stored.count(step, unit, { made: made.length, stored: kept.length });
      commit(unit, kept);
    };
    // The engine's rollouts are those of the whole round, whoever asks first for the rewards of its part.
    const [unit, places, first] = round
      ? [`step/${step}`, round.slots.map(({ promptId }) => promptId), 0]
      : [part === undefined ? `step/${step}` : `step/${step}/part/${part}`, promptIds(completions), part ?? 0];
    const kept = stored.pick(step, rows, places, first);
    keep(unit, rows, kept);
    if (round && round.replaced.length > 0)
      keep(`step/${step}/replaced`, round.replaced, stored.rest(round.replaced, kept.length));
    const totals = new Map(rows.map(({ rollout, reward }) => [nameOf(rollout.promptId, rollout.index), reward?.total]));
    const rewards = completions.map(({ prompt_id, index }) => totals.get(nameOf(prompt_id, index)) ?? null);
    const shuffle = context.recipe.train.control === 'shuffled-rewards';
    const metrics = summarise(rows, context.recipe.prompting.mode);
    return { rewards: shuffle ? shuffled(rewards, step + (part ?? 0)) : rewards, metrics };
  };
}

async function gradeCompletions(
  context: StageContext,
  prompts: PromptIndex,
  completions: readonly Completion[],
  step: number,
): Promise<RolloutRow[]> {
  const places = [...new Set(promptIds(completions))].map((id) => {
    const place = prompts.placeOf(id);
    if (place === undefined) throw new Error(`TRL asked for the reward of ${id}, which is not a training prompt`);
    return place;
  });
  const theirs = [
    ...new Selection(
      prompts.prompts,
      places.sort((a, b) => a - b),
    ),
  ];
  const rollouts = completions.map((completion) => rolloutOf(completion, step));
  const rows = await context.grade({ set: 'train', pass: 'train' }, theirs, rollouts);
  return rows.map((row) => ({ ...row, step }));
}

function promptIds(completions: readonly Completion[]): string[] {
  return completions.map(({ prompt_id }) => prompt_id);
}

function nameOf(promptId: string, index: number): string {
  return `${promptId}/${index}`;
}

/** TRL's own generation gives no log-probs or offsets, so these rows have no confidence. */
function rolloutOf({ prompt_id, index, text, token_ids, truncated }: Completion, step: number) {
  return {
    key: `train/${step}/${prompt_id}/${index}`,
    promptId: prompt_id,
    index,
    seed: 0,
    text,
    tokenIds: token_ids,
    logprobs: [],
    tokenEnds: [],
    finishReason: truncated ? ('length' as const) : ('stop' as const),
    promptTokens: 0,
    cachedTokens: 0,
  };
}
