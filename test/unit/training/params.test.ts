import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contentKey } from '../../../orchestrator/pipeline/key.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { loadRecipe } from '../../../orchestrator/recipe/index.js';
import { trainParams } from '../../../orchestrator/training/params.js';
import { inputs } from '../../../orchestrator/training/stage.js';

const quickstart = join(import.meta.dirname, '../../../recipes/quickstart.yaml');

async function given(...sets: string[]) {
  return givenWith({}, ...sets);
}

async function givenWith(more: Partial<StageContext>, ...sets: string[]) {
  const { recipe } = await loadRecipe(quickstart, { sets });
  const context = { recipe, folder: 'train', ...more } as unknown as StageContext;
  return {
    key: contentKey(inputs(recipe)),
    train: recipe.train,
    params: trainParams(context, 'model', 'prompts.jsonl'),
  };
}

test('without train.lora neither the key of the stage nor the training knows of adapters', async () => {
  const { params, train } = await given();
  expect(params).not.toHaveProperty('lora');
  expect(train).not.toHaveProperty('lora');
});

test('with train.lora both do', async () => {
  const [plain, lora] = [await given(), await given('train.lora={rank: 4}')];
  expect(lora.params).toMatchObject({ lora: { rank: 4, alpha: 32, dropout: 0 } });
  expect(lora.key).not.toBe(plain.key);
});

test('a training in one process knows nothing of processes', async () => {
  const { params } = await given();
  expect(params).not.toHaveProperty('processes');
  expect(params).not.toHaveProperty('accelerate');
});

test('several processes, or a configuration of accelerate, go into it, and into the key', async () => {
  const [plain, two] = [await given(), await given('train.processes=2')];
  expect(two.params).toMatchObject({ processes: 2 });
  expect(two.key).not.toBe(plain.key);
  const accelerate = join(import.meta.dirname, '../../../recipes/accelerate/cpu-2.yaml');
  const { params } = await givenWith({ accelerate }, 'train.accelerate=accelerate/cpu-2.yaml');
  expect(params).toMatchObject({ processes: 1, accelerate });
});
