import { type UserError, UserErrors } from '../errors.js';
import { createFinder, type Finder, type Problem } from './finder.js';
import type { Path } from './place.js';
import { pathText } from './place.js';
import type { Recipe } from './schema.js';
import { suggestion } from './suggest.js';

/** Names that the installed versions know, as the Python worker lists them. */
export interface KnownArguments {
  readonly engine: readonly string[];
  readonly trl: readonly string[];
}

/** Arguments that have a key of their own in the recipe: one value must not have two places. */
const ENGINE_KEYS: Readonly<Record<string, string>> = {
  model: 'model.path',
  revision: 'model.revision',
  tokenizer: 'model.path',
  trust_remote_code: 'model.trustRemoteCode',
  seed: 'seed',
};
const TRL_KEYS: Readonly<Record<string, string>> = {
  learning_rate: 'train.learningRate',
  beta: 'train.beta',
  temperature: 'train.temperature',
  num_generations: 'train.groupSize',
  max_completion_length: 'train.maxCompletionTokens',
  max_steps: 'train.steps',
  save_steps: 'train.saveEvery',
  save_total_limit: 'train.keepCheckpoints',
  metric_for_best_model: 'train.best',
  seed: 'seed',
  trust_remote_code: 'model.trustRemoteCode',
};
/** Arguments that vauto itself must decide for a run to be resumable and its rewards to arrive. */
const TRL_DECIDED: ReadonlySet<string> = new Set([
  'output_dir',
  'overwrite_output_dir',
  'remove_unused_columns',
  'resume_from_checkpoint',
  'save_strategy',
  'shuffle_dataset',
  'logging_steps',
  'logging_nan_inf_filter',
  'use_vllm',
  'vllm_mode',
  'push_to_hub',
]);
/** Arguments whose values vLLM or TRL would import and run. */
const CODE: ReadonlySet<string> = new Set([
  'worker_cls',
  'worker_extension_cls',
  'scheduler_cls',
  'logits_processors',
  'io_processor_plugin',
  'reasoning_parser_plugin',
  'tool_parser_plugin',
  'middleware',
]);

/** Problems of `engine.args` and `train.trl` that need no installed version to be seen. */
export function argumentProblems({ engine, train }: Partial<Recipe>): Problem[] {
  return [
    ...(engine ? sectionProblems(['engine', 'args'], engine.args, ENGINE_KEYS, new Set()) : []),
    ...(train ? sectionProblems(['train', 'trl'], train.trl, TRL_KEYS, TRL_DECIDED) : []),
  ];
}

function sectionProblems(
  section: Path,
  args: Readonly<Record<string, unknown>>,
  owned: Readonly<Record<string, string>>,
  decided: ReadonlySet<string>,
): Problem[] {
  return Object.entries(args).flatMap(([key, value]): Problem[] => {
    const path = [...section, key];
    const name = pathText(path);
    const own = Object.hasOwn(owned, key) ? owned[key] : undefined;
    if (own !== undefined)
      return [
        {
          code: 'argument-elsewhere',
          path,
          atKey: true,
          message: `${name} has a key of its own in the recipe`,
          fix: `write ${own} instead`,
        },
      ];
    if (decided.has(key))
      return [
        { code: 'argument-decided', path, atKey: true, message: `${name} is decided by vauto`, fix: 'remove it' },
      ];
    if (CODE.has(key) || isClassPath(key, value))
      return [
        {
          code: 'recipe-code',
          path,
          atKey: true,
          message: `${name} names code to run, which no recipe may`,
          fix: 'remove it',
        },
      ];
    const nested = nestedTrust(value, path);
    return nested
      ? [
          {
            code: 'argument-elsewhere',
            path: nested,
            atKey: true,
            message: `${pathText(nested)} has a key of its own in the recipe`,
            fix: 'write model.trustRemoteCode instead',
          },
        ]
      : [];
  });
}

/** vLLM takes the name of an executor, or the import path of a class of one's own. */
function isClassPath(key: string, value: unknown): boolean {
  return key === 'distributed_executor_backend' && typeof value === 'string' && value.includes('.');
}

/** The first `trust_remote_code` inside an argument's value. */
function nestedTrust(value: unknown, path: Path): Path | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  for (const [key, item] of Object.entries(value)) {
    const inner = [...path, Array.isArray(value) ? Number(key) : key];
    const found = key === 'trust_remote_code' ? inner : nestedTrust(item, inner);
    if (found) return found;
  }
  return undefined;
}

/** Where each loaded recipe's values stand, for errors that are found long after loading. */
const finders = new WeakMap<Recipe, Finder>();

export function rememberPlaces(recipe: Recipe, ...source: Parameters<typeof createFinder>): void {
  finders.set(recipe, createFinder(...source));
}

/** A problem that shows only when the recipe meets the machine, as an error with its place. */
export function placedProblem(recipe: Recipe, problem: Problem): UserError {
  const find = finders.get(recipe);
  if (find === undefined) throw new Error('placedProblem was given a recipe that loadRecipe did not make');
  return find(problem);
}

/** Names in `engine.args` and `train.trl` that the installed versions do not know, as errors with their places; undefined when all are known. */
export function unknownArguments(recipe: Recipe, known: KnownArguments): UserErrors | undefined {
  const unknown = [
    ...unknownIn(['engine', 'args'], recipe.engine.args, known.engine, 'an argument of the installed vLLM'),
    ...(recipe.train.enabled
      ? unknownIn(['train', 'trl'], recipe.train.trl, known.trl, "a field of the installed TRL's GRPOConfig")
      : []),
  ];
  return unknown.length === 0 ? undefined : new UserErrors(unknown.map((problem) => placedProblem(recipe, problem)));
}

function unknownIn(
  section: Path,
  args: Readonly<Record<string, unknown>>,
  known: readonly string[],
  what: string,
): Problem[] {
  return Object.keys(args)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      code: 'unknown-argument',
      path: [...section, key],
      atKey: true,
      message: `${pathText([...section, key])} is not ${what}`,
      fix: suggestion(key, known),
    }));
}
