import { z } from 'zod';
import type { StageContext } from '../pipeline/stage.js';
import { messagesFor } from '../prompting/index.js';
import type { Prompt, Rollout } from '../records/index.js';
import type { RolloutEngine, RolloutRequest } from '../rollout/engine.js';
import { deriveSeed } from '../statistics/index.js';

const weightsSchema = z.object({ step: z.number().int(), folder: z.string() });
const rolloutsSchema = z.object({
  step: z.number().int(),
  rollouts: z.array(z.object({ prompt_id: z.string(), index: z.number().int() })),
});

/** The rollouts of training by the engine: what Python asks for, and what was made for the step under way. */
export interface EngineRollouts {
  readonly handlers: Readonly<Record<'weights' | 'rollouts', (payload: unknown) => Promise<unknown>>>;
  /** A completion of the step, with the engine's own log-probs and offsets. */
  rollout(step: number, promptId: string, index: number): Rollout | undefined;
  /** Whether the engine could not make it: then it has no reward. */
  failed(step: number, promptId: string, index: number): boolean;
}

/** Hands each policy to the warm engine and asks it for the step's completions; only the last step is remembered. */
export function engineRollouts(context: StageContext, prompts: readonly Prompt[]): EngineRollouts {
  const { train, prompting, seed } = context.recipe;
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  const sampling = { temperature: train.temperature, topP: 1, topK: 0, maxTokens: train.maxCompletionTokens, stop: [] };
  const system = context.system === undefined ? {} : { system: context.system };
  let engine: RolloutEngine | undefined;
  let last: { readonly step: number; readonly made: ReadonlyMap<string, Rollout> } | undefined;

  function requestOf(step: number, promptId: string, index: number): RolloutRequest {
    const prompt = byId.get(promptId);
    if (!prompt) throw new Error(`TRL asked for a rollout of ${promptId}, which is not a training prompt`);
    const { messages } = messagesFor(prompt, { mode: prompting.mode, ...system });
    // The same after a resume: a step that is taken again sees the same completions.
    const own = deriveSeed(seed, `train/${step}`, promptId, index);
    return { promptId, index, seed: own, messages, media: prompt.media, sampling };
  }

  async function generate(step: number, requests: readonly RolloutRequest[]): Promise<ReadonlyMap<string, Rollout>> {
    if (engine === undefined) throw new Error('rollouts were asked for before the weights were handed over');
    const made = new Map<string, Rollout>();
    await engine.generate(requests, {
      signal: context.signal,
      onResult: (result) => {
        if (!('code' in result)) return void made.set(nameOf(result.promptId, result.index), result);
        const { promptId, index, message } = result;
        context.warn('train', `rollout ${index} of ${promptId} in step ${step} could not be made: ${message}`, result);
      },
    });
    context.signal.throwIfAborted();
    return made;
  }

  return {
    handlers: {
      weights: async (payload) => {
        const { folder } = weightsSchema.parse(payload);
        // Through the context, which knows what the engine has: the evaluation after the training asks for other weights.
        engine = await context.engine(folder);
        return {};
      },
      rollouts: async (payload) => {
        const { step, rollouts } = rolloutsSchema.parse(payload);
        const requests = rollouts.map(({ prompt_id, index }) => requestOf(step, prompt_id, index));
        const made = await generate(step, requests);
        last = { step, made };
        return {
          rollouts: requests.map(({ promptId, index }) => {
            const { tokenIds = [], logprobs = [] } = made.get(nameOf(promptId, index)) ?? {};
            return { token_ids: tokenIds, logprobs };
          }),
        };
      },
    },
    rollout: (step, promptId, index) => (last?.step === step ? last.made.get(nameOf(promptId, index)) : undefined),
    failed: (step, promptId, index) => last?.step === step && !last.made.has(nameOf(promptId, index)),
  };
}

function nameOf(promptId: string, index: number): string {
  return `${promptId}/${index}`;
}
