import { z } from 'zod';
import { recipeSchema } from './schema.js';

/** The recipe format as JSON Schema, for editors; `recipes/recipe.schema.json` is this, committed. */
export function recipeJsonSchema(): Record<string, unknown> {
  // Draft 7 is what YAML editors read; `input`, because what has a default need not be written.
  const { $schema, ...schema } = z.toJSONSchema(recipeSchema, { io: 'input', target: 'draft-7' });
  return { $schema, title: 'vauto recipe', ...schema };
}
