/** One YAML file → a checked `Recipe`, or everything that is wrong with it, by line. */
export { type KnownArguments, placedProblem, unknownArguments } from './arguments.js';
export { recipeJsonSchema } from './json-schema.js';
export { type LoadedRecipe, loadRecipe, readAccelerateFile, readSystemPrompt } from './load.js';
export type { Setting } from './overrides.js';
export { entryName } from './rules.js';
export { type Recipe, recipeDefaults } from './schema.js';
export type { DataEntry } from './schema-data.js';
export { loadVariants, type Variant } from './variants.js';
