import { describe, expect, it } from 'vitest';
import { loadRecipe } from '../../../orchestrator/recipe/index.js';
import { load, MINIMAL, problems } from './fixture.js';

const asked = (rest: string) => problems(`${MINIMAL}prompting: {mode: adapt-think}\n${rest}\n`);

describe('the mode adapt-think', () => {
  it('has the defaults of the paper', async () => {
    const { recipe } = await load(`${MINIMAL}prompting: {mode: adapt-think}\n`);
    expect(recipe.train.adaptThink).toEqual({ delta: 0.05, direct: '\\boxed', think: '<think>' });
  });

  it('ships: recipes/adapt-think.yaml has no wrong key', async () => {
    const file = new URL('../../../recipes/adapt-think.yaml', import.meta.url).pathname;
    const { recipe } = await loadRecipe(file, { sets: [] });
    expect(recipe.train).toMatchObject({ beta: 0, trl: { scale_rewards: 'none' } });
    expect(recipe.prompting.mode).toBe('adapt-think');
  });

  it.each([
    [
      'train: {groupSize: 5}',
      '8:20 contradiction: train.groupSize is 5, which has no halves: in the mode adapt-think one answers at once, the other thinks (prompting.mode: line 7) | set train.groupSize to 6',
    ],
    [
      'train: {generation: transformers}',
      '8:21 contradiction: train.generation is transformers, but only the engine can force the beginnings of the mode adapt-think (prompting.mode: line 7) | set train.generation to engine',
    ],
    [
      'train: {trl: {vllm_importance_sampling_correction: false}}',
      '8:52 contradiction: train.trl.vllm_importance_sampling_correction is false, but without it forced beginnings would be learnt as if the model had chosen them (prompting.mode: line 7) | remove it',
    ],
    [
      "train: {adaptThink: {direct: '<think', think: <think>}}",
      '8:47 contradiction: train.adaptThink.direct ("<think") and .think ("<think>") begin alike, so a reply does not show what was chosen (prompting.mode: line 7) | use two beginnings that differ in their first token',
    ],
    [
      'train: {adaptThink: {direct: </think>, think: <think>}}',
      '8:47 contradiction: train.adaptThink.direct closes a think tag that the chat template opened, but .think opens it again (prompting.mode: line 7) | give the first word of a thought as train.adaptThink.think, such as Alright',
    ],
    [
      'evaluate: {thinkBudget: 9}',
      '8:25 contradiction: evaluate.thinkBudget is given, but a reply whose beginning is forced takes no think budget (prompting.mode: line 7) | remove evaluate.thinkBudget; evaluate.maxTokens limits a reply',
    ],
    [
      'train: {enabled: false}\nfilter: {enabled: false}\nengine: {kind: openai, server: {url: http://127.0.0.1:8000/v1}}',
      '10:16 contradiction: engine.kind is openai, but the policy never of the mode adapt-think forces how replies begin, which a server cannot (prompting.mode: line 7) | set engine.kind to vllm, or evaluate.policies to [auto]',
    ],
  ])('refuses %s', async (rest, problem) => {
    expect(await asked(rest)).toEqual([problem]);
  });

  it.each([
    'train: {groupSize: 6}',
    'train: {groupSize: 5, enabled: false}',
    'train: {adaptThink: {direct: </think>, think: Alright}}',
    'train: {enabled: false}\nevaluate: {policies: [auto]}\nengine: {kind: openai, server: {url: http://127.0.0.1:8000/v1}}',
  ])('takes %s', async (rest) => {
    expect(await asked(rest)).toEqual([]);
  });

  it('alone has these rules', async () => {
    expect(await problems(`${MINIMAL}train: {groupSize: 5, generation: transformers}\n`)).toEqual([]);
  });
});
