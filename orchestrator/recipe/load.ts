import { readFile } from 'node:fs/promises';
import { type UserError, UserErrors } from '../errors.js';
import { argumentProblems, rememberPlaces } from './arguments.js';
import { parseFile } from './document.js';
import { fileProblems, modelReference, resolveFrom } from './files.js';
import { createFinder } from './finder.js';
import { applyOverrides, parseOverrides, type Setting } from './overrides.js';
import { crossFieldProblems } from './rules.js';
import type { Recipe } from './schema.js';
import { validate } from './validate.js';

export interface LoadOptions {
  /** `path=value` overrides, in the order of the command line. */
  readonly sets: readonly Setting[];
}

export interface LoadedRecipe {
  readonly recipe: Recipe;
  /** The recipe file as it was given. */
  readonly file: string;
  /** Its text, without the overrides. */
  readonly text: string;
  /** Absolute path of something that the recipe names. */
  resolve(path: string): string;
  /** Absolute folder of the starting policy, its hub id, or the name that a server has for it. */
  resolveModel(): string;
}

/**
 * Reads and checks a recipe: YAML, overrides, every key, rules across keys, files that it names.
 * Throws UserErrors with all problems at once, in the order of the file. Nothing is executed or started.
 */
export async function loadRecipe(file: string, { sets }: LoadOptions = { sets: [] }): Promise<LoadedRecipe> {
  const source = await parseFile(file);
  const parsed = parseOverrides(sets);
  const overridden = applyOverrides(source.data, parsed.overrides);
  const resolvePath = resolveFrom(file);

  const { recipe, sections, problems } = validate(overridden.data);
  const rest = [...crossFieldProblems(sections), ...argumentProblems(sections), ...fileProblems(sections, resolvePath)];
  const errors = [...problems, ...rest].map(createFinder(source, parsed.overrides));
  const all = [...errors, ...parsed.errors, ...overridden.errors];
  if (recipe === undefined || all.length > 0) throw new UserErrors(all.sort(byPlace));

  rememberPlaces(recipe, source, parsed.overrides);
  return {
    recipe,
    file,
    text: source.text,
    resolve: resolvePath,
    resolveModel: () => {
      if (recipe.engine.kind !== 'vllm') return recipe.model.path;
      const reference = modelReference(recipe.model.path, resolvePath);
      return 'hub' in reference ? reference.hub : reference.folder;
    },
  };
}

/** By line and column; overrides, which have none, come last. */
function byPlace(a: UserError, b: UserError): number {
  const line = (error: UserError) => error.place?.line ?? Number.MAX_SAFE_INTEGER;
  return (
    line(a) - line(b) ||
    (a.place?.column ?? 0) - (b.place?.column ?? 0) ||
    compare(a.place?.file ?? '', b.place?.file ?? '')
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Text of the file that replaces the built-in system prompt; undefined when the recipe names none. */
export async function readSystemPrompt({ recipe, resolve }: LoadedRecipe): Promise<string | undefined> {
  const { system } = recipe.prompting;
  return system === undefined ? undefined : (await readFile(resolve(system), 'utf8')).trim();
}

/** Path and text of the accelerate configuration that the recipe names; undefined when it names none. */
export async function readAccelerateFile({
  recipe,
  resolve,
}: LoadedRecipe): Promise<{ file: string; text: string } | undefined> {
  const { accelerate } = recipe.train;
  if (accelerate === undefined) return undefined;
  const file = resolve(accelerate);
  return { file, text: await readFile(file, 'utf8') };
}
