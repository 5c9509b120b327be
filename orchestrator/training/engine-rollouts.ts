import { z } from 'zod';
import { UserError } from '../errors.js';
import type { StageContext } from '../pipeline/stage.js';
import { messagesFor } from '../prompting/index.js';
import type { PromptIndex } from '../records/index.js';
import type { RolloutEngine } from '../rollout/engine.js';
import type { RolloutRow } from '../store/index.js';
import { keptRounds } from './kept-rounds.js';
import { compareParity } from './parity.js';
import { type Round, roundMaker, type Slot } from './round.js';

const weightsSchema = z.object({
  step: z.number().int(),
  folder: z.string(),
  check: z.array(
    z.object({ prompt_id: z.string(), token_ids: z.array(z.number().int()), logprobs: z.array(z.number()) }),
  ),
});
const rolloutsSchema = z
  .object({
    step: z.number().int(),
    rollouts: z.array(z.object({ prompt_id: z.string(), index: z.number().int() })),
  })
  .transform(({ step, rollouts }) => ({
    step,
    slots: rollouts.map(({ prompt_id, index }): Slot => ({ promptId: prompt_id, index })),
  }));

type Handler = (payload: unknown) => Promise<unknown>;

/** The rollouts of training by the engine: what Python asks for, and what was made for the round under way. */
export interface EngineRollouts {
  readonly handlers: Readonly<Record<'weights' | 'rollouts' | 'ahead' | 'settle', Handler>>;
  /** Graded rollouts of the round whose first step this is; undefined when they are not the engine's. */
  round(step: number): Round | undefined;
  /** What is kept of rounds up to `step` is needed no more: a checkpoint has them behind it. */
  forget(step: number): void;
}

/** Hands each policy to the warm engine and asks it for rounds of completions; only the last round is remembered. */
export function engineRollouts(context: StageContext, prompts: PromptIndex): EngineRollouts {
  const makeRound = roundMaker(context, prompts);
  const kept = keptRounds(context.folder);
  let loaded: { readonly engine: RolloutEngine; readonly step: number } | undefined;
  let begun: { readonly step: number; readonly round: Promise<Round> } | undefined;
  let last: Round | undefined;

  function make(step: number, slots: readonly Slot[]): Promise<Round> {
    if (loaded === undefined) throw new Error('rollouts were asked for before the weights were handed over');
    return makeRound(loaded.engine, step, loaded.step, slots);
  }

  return {
    handlers: {
      weights: async (payload) => {
        const { step, folder, check } = weightsSchema.parse(payload);
        // Through the context, which knows what the engine has: the evaluation after the training asks for other weights.
        loaded = { engine: await context.engine(folder), step };
        if (check.length > 0) await checkHandOver(context, loaded.engine, prompts, step, check);
        return {};
      },
      rollouts: async (payload) => {
        const { step, slots } = rolloutsSchema.parse(payload);
        const ahead = begun?.step === step ? await begun.round : await kept.find(step);
        begun = undefined;
        last = ahead && sameSlots(ahead.asked, slots) ? ahead : await make(step, slots);
        // Woken by the next weights. Before the answer, with which the trainer begins to compute.
        if (context.sleep) await loaded?.engine.sleep?.();
        return answerOf(last);
      },
      ahead: async (payload) => {
        const { step, slots } = rolloutsSchema.parse(payload);
        const round = make(step, slots).then(kept.keep);
        // Whoever asks for it next hears of its failure.
        round.catch(() => {});
        begun = { step, round };
        return {};
      },
      settle: async () => {
        await begun?.round;
        return {};
      },
    },
    round: (step) => (last?.step === step ? last : undefined),
    forget: kept.forget,
  };
}

function answerOf({ weightsStep, slots, rows }: Round) {
  const made = new Map<string, RolloutRow['rollout']>(
    rows.map(({ rollout }) => [`${rollout.promptId}/${rollout.index}`, rollout]),
  );
  const rollouts = slots.map(({ promptId, index }) => {
    const { tokenIds = [], logprobs = [], forced } = made.get(`${promptId}/${index}`) ?? {};
    return { prompt_id: promptId, token_ids: tokenIds, logprobs, ...(forced === undefined ? {} : { forced }) };
  });
  return { weights_step: weightsStep, rollouts };
}

function sameSlots(left: readonly Slot[], right: readonly Slot[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ promptId, index }, place) => promptId === right[place]?.promptId && index === right[place]?.index)
  );
}

/** The engine must give the completions the log-probs that the trainer gives them with the weights just handed over. */
async function checkHandOver(
  context: StageContext,
  engine: RolloutEngine,
  prompts: PromptIndex,
  step: number,
  check: z.infer<typeof weightsSchema>['check'],
): Promise<void> {
  const { prompting, train } = context.recipe;
  const system = context.system === undefined ? {} : { system: context.system };
  const samples = check.map(({ prompt_id, token_ids }) => {
    const prompt = prompts.find(prompt_id);
    if (!prompt) throw new Error(`${prompt_id} is not a training prompt`);
    const { messages } = messagesFor(prompt, { mode: prompting.mode, ...system });
    return { messages, media: prompt.media, tokenIds: token_ids };
  });
  const seen = await engine.inspect(samples);
  // Prompts and media were compared before the first step; here only the weights are new.
  const trainer = seen.map(({ promptTokenIds, visualGrid, media }, place) => ({
    prompt_token_ids: promptTokenIds,
    visual_grid: visualGrid,
    media,
    logprobs: check[place]?.logprobs ?? [],
  }));
  const report = compareParity(trainer, seen, { tolerance: train.parityTolerance });
  if (report.ok) return;
  throw new UserError({
    code: 'parity',
    kind: 'check',
    message: `the engine does not have the weights handed over after step ${step}: ${report.firstDifference}`,
    fix: 'docs/training.md lists known causes; train.generation transformers needs no engine',
  });
}
