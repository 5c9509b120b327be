import { UserError } from '../errors.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompts } from '../records/index.js';

/**
 * TRL's own vLLM gets no videos and images: a prompt would be trained on what its completions were made without. Throws
 * UserError before anything has run.
 */
export function checkGeneration({ train }: Pick<Recipe, 'train'>, prompts: Prompts): void {
  if (!train.enabled || (train.generation !== 'colocate' && train.generation !== 'server')) return;
  for (const { id, media } of prompts) if (media.length > 0) throw refused(train.generation, id);
}

function refused(generation: string, promptId: string): UserError {
  return new UserError({
    code: 'generation-media',
    kind: 'recipe',
    message: `train.generation ${generation}: TRL's vLLM does not carry videos and images, which prompt ${promptId} has`,
    fix: 'set train.generation to engine',
  });
}
