import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contentKey } from '../../../orchestrator/pipeline/key.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import { loadRecipe } from '../../../orchestrator/recipe/index.js';
import { trainParams } from '../../../orchestrator/training/params.js';
import { inputs } from '../../../orchestrator/training/stage.js';

const quickstart = join(import.meta.dirname, '../../../recipes/quickstart.yaml');

async function given(...sets: string[]) {
  const { recipe } = await loadRecipe(quickstart, { sets });
  const context = { recipe, folder: 'train' } as unknown as StageContext;
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
