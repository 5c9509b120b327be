import { z } from 'zod';
import { parseCompletion } from '../answer/index.js';
import { gradeMany } from '../grading/index.js';
import type { StageContext } from '../pipeline/stage.js';
import type { Prompt } from '../records/index.js';
import { dualAnswerReward } from '../reward/index.js';
import { shuffled } from '../statistics/index.js';
import type { RolloutRow } from '../store/index.js';
import type { EngineRollouts } from './engine-rollouts.js';

/** What TRL's reward function asks (snake_case: the wire to Python). */
const requestSchema = z.object({
  step: z.number().int(),
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
 * Answers TRL's reward function: one reward per completion, in order; null where the grader failed, which TRL leaves
 * out of the group. Every graded completion goes into the store with its verdicts, as unit `step/N`.
 */
export function rewardHandler(
  context: StageContext,
  prompts: readonly Prompt[],
  made: EngineRollouts | undefined,
): (payload: unknown) => Promise<{ rewards: (number | null)[] }> {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  // A resumed run repeats the steps after its last checkpoint: their rows are there already.
  const committed = new Set(context.store.committedUnits(context.stageId));
  return async (payload) => {
    const { step, completions } = requestSchema.parse(payload);
    const rows = await rewardRows(context, byId, completions, step, made);
    const unit = `step/${step}`;
    if (!committed.has(unit)) context.store.commitUnit(context.stageId, unit, rows, []);
    committed.add(unit);
    const rewards = rows.map(({ reward, promptId, rollout }) =>
      made?.failed(step, promptId, rollout.index) ? null : (reward?.total ?? null),
    );
    const shuffle = context.recipe.train.control === 'shuffled-rewards';
    return { rewards: shuffle ? shuffled(rewards, step) : rewards };
  };
}

async function rewardRows(
  context: StageContext,
  byId: ReadonlyMap<string, Prompt>,
  completions: readonly Completion[],
  step: number,
  made: EngineRollouts | undefined,
): Promise<RolloutRow[]> {
  const { prompting, reward: weights } = context.recipe;
  const reading = { formatRule: weights.formatRule, parsers: prompting.parsers };
  const items = completions.map((completion) => {
    const prompt = byId.get(completion.prompt_id);
    if (!prompt) throw new Error(`TRL asked for the reward of ${completion.prompt_id}, which is not a training prompt`);
    const rollout = made?.rollout(step, completion.prompt_id, completion.index) ?? rolloutOf(completion, step);
    return { prompt, rollout, trace: parseCompletion(rollout, prompting.mode, reading) };
  });
  const verdicts = await gradeMany(items, {
    verifyMath: context.verifyMath,
    correctThreshold: weights.correctThreshold,
  });
  return items.map(({ prompt, rollout, trace }, index) => {
    const graded = verdicts[index] ?? { first: null, second: null };
    const reward = dualAnswerReward(trace, graded, weights, prompting.mode);
    return { set: 'train', pass: 'train', promptId: prompt.id, rollout, trace, verdicts: graded, reward, step };
  });
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
