import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Params } from '../bridge/index.js';
import { UserError } from '../errors.js';
import { systemPrompt } from '../prompting/index.js';
import { loadRecipe, readSystemPrompt, recipeDefaults } from '../recipe/index.js';
import { videoBudget } from '../training/params.js';
import { sweepChoice } from './runs/choice.js';
import { withStore } from './runs/open.js';

/** What `vauto serve` puts behind its API. */
export interface Served {
  /** Name for clients. */
  readonly name: string;
  readonly engine: Params<'rollout.load'>;
  readonly venv: string | undefined;
  /** τ unless the command line gives another. */
  readonly threshold: number;
  readonly system: string;
  /** The server that the recipe names, if it names one. */
  readonly server:
    | { readonly url: string; readonly model: string; readonly apiKeyEnv?: string | undefined }
    | undefined;
}

export interface ServedFlags {
  readonly name?: string | undefined;
  readonly run?: string | undefined;
  /** Folder of the store. */
  readonly runs: string;
}

/** A recipe's model, or the policy that a run of it trained; or a bare model with vauto's own prompt. */
export async function resolveServed(source: string, flags: ServedFlags): Promise<Served> {
  if (/\.ya?ml$/.test(source)) return ofRecipe(source, flags);
  if (flags.run !== undefined)
    throw new UserError({
      code: 'usage',
      kind: 'usage',
      message: `--run ${flags.run} needs the recipe that the run was made from, not ${source}`,
      fix: 'give the recipe file',
    });
  const folder = resolve(source);
  if (!existsSync(join(folder, 'config.json')) && (existsSync(folder) || !/^[\w.-]+\/[\w.-]+$/.test(source)))
    throw new UserError({
      code: 'no-model',
      kind: 'usage',
      message: `${source} is neither a recipe (.yaml), nor a model folder with config.json, nor a hub id`,
      fix: 'vauto serve recipes/quickstart.yaml, or vauto serve Qwen/Qwen2.5-VL-7B-Instruct',
    });
  const model = existsSync(folder) ? folder : source;
  return {
    name: flags.name ?? basename(source),
    engine: {
      model,
      trust_remote_code: false,
      engine_args: {},
      video_budget: videoBudget(recipeDefaults),
      seed: recipeDefaults.seed,
    },
    venv: undefined,
    threshold: recipeDefaults.evaluate.threshold,
    system: systemPrompt({ mode: 'answer-twice' }),
    server: undefined,
  };
}

async function ofRecipe(file: string, flags: ServedFlags): Promise<Served> {
  const loaded = await loadRecipe(file);
  const { recipe } = loaded;
  const trained = flags.run === undefined ? undefined : ofRun(flags.run, flags.runs);
  const { mode } = recipe.prompting;
  const system = await readSystemPrompt(loaded);
  if (mode !== 'answer-twice')
    throw new UserError({
      code: 'not-auto-thinking',
      kind: 'usage',
      message: `prompting.mode of ${file} is ${mode}: without a first answer there is nothing to stop at`,
      fix: 'serve it with vllm serve',
    });
  return {
    name: flags.name ?? flags.run ?? recipe.name,
    engine: {
      model: trained?.policy ?? loaded.resolveModel(),
      ...(recipe.model.revision === undefined || trained?.policy !== undefined
        ? {}
        : { revision: recipe.model.revision }),
      trust_remote_code: recipe.model.trustRemoteCode,
      engine_args: { ...recipe.engine.args },
      video_budget: videoBudget(recipe),
      seed: recipe.seed,
    },
    venv: recipe.python.venv === undefined ? undefined : loaded.resolve(recipe.python.venv),
    threshold: trained?.threshold ?? recipe.evaluate.threshold,
    system: systemPrompt({
      mode,
      ...(system === undefined ? {} : { system }),
    }),
    server: recipe.engine.server && { ...recipe.engine.server, model: recipe.model.path },
  };
}

/** The trained policy of a run and the threshold that its sweep chose; undefined where it has none. */
function ofRun(name: string, runs: string): { policy: string | undefined; threshold: number | undefined } {
  const file = join(runs, 'vauto.db');
  if (!existsSync(file)) throw unknownRun(name, file);
  return withStore(runs, (store) => {
    const run = store.findRun(name);
    if (run === undefined) throw unknownRun(name, file);
    const policy = store.artifacts(run.id).find((artifact) => artifact.name === 'policy');
    const threshold = sweepChoice(store, run.id)?.threshold;
    return {
      policy: policy === undefined ? undefined : join(run.folder, policy.path),
      // A threshold above 1 stops nowhere, which is 1 here but for a confidence of exactly 1.
      threshold: threshold === undefined ? undefined : Math.min(1, threshold),
    };
  });
}

function unknownRun(name: string, file: string): UserError {
  return new UserError({
    code: 'unknown-run',
    kind: 'usage',
    message: `there is no run ${name} in ${file}`,
    fix: 'see vauto runs list; --runs names another folder',
  });
}
