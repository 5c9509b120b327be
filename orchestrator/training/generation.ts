import { UserError } from '../errors.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt } from '../records/index.js';

/**
 * TRL's own vLLM gets no videos and images: a prompt would be trained on what its completions were made without. Throws
 * UserError before anything has run.
 */
export function checkGeneration({ train }: Pick<Recipe, 'train'>, prompts: readonly Prompt[]): void {
  if (!train.enabled || (train.generation !== 'colocate' && train.generation !== 'server')) return;
  const seen = prompts.find(({ media }) => media.length > 0);
  if (seen === undefined) return;
  throw new UserError({
    code: 'generation-media',
    kind: 'recipe',
    message: `train.generation ${train.generation}: TRL's vLLM does not carry videos and images, which prompt ${seen.id} has`,
    fix: 'set train.generation to engine',
  });
}
