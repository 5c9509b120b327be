import type { StageContext } from '../pipeline/stage.js';
import { messagesFor } from '../prompting/index.js';
import { greedy, type Prompt } from '../records/index.js';
import type { InspectSample, RolloutEngine } from '../rollout/engine.js';

const PARITY_TOKENS = 24;

/** What the gate needs of a stage. */
export type GateContext = Pick<
  StageContext,
  'recipe' | 'system' | 'signal' | 'progress' | 'engine' | 'trainer' | 'sleep'
>;

/** Short greedy completions of a few prompts, whose tokens engine and trainer then score independently. */
export async function paritySamples(
  context: GateContext,
  engine: RolloutEngine,
  prompts: readonly Prompt[],
): Promise<InspectSample[]> {
  const { mode } = context.recipe.prompting;
  const system = context.system === undefined ? {} : { system: context.system };
  const requests = prompts.map((prompt, index) => ({
    promptId: prompt.id,
    index,
    seed: 0,
    messages: messagesFor(prompt, { mode, ...system }).messages,
    media: prompt.media,
    sampling: greedy(PARITY_TOKENS),
  }));
  const samples = new Map<number, InspectSample>();
  await engine.generate(requests, {
    signal: context.signal,
    onResult: (result) => {
      const request = requests[result.index];
      if ('code' in result || !request) return;
      samples.set(result.index, { messages: request.messages, media: request.media, tokenIds: result.tokenIds });
    },
  });
  return [...samples].sort(([a], [b]) => a - b).map(([, sample]) => sample);
}

/** A sample as it goes to Python. */
export function wireSample({ messages, media, tokenIds }: InspectSample) {
  return {
    messages: messages.map(({ role, content }) => ({ role, content: [...content] })),
    media: media.map(({ start, end, ...rest }) => ({
      ...rest,
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
    })),
    token_ids: [...tokenIds],
  };
}
