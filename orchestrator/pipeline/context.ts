import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Bridge, callRetrying, openBridge, type Worker } from '../bridge/index.js';
import type { MathVerifier } from '../grading/index.js';
import type { LoadedRecipe } from '../recipe/index.js';
import type { PromptSet } from '../records/index.js';
import type { RolloutEngine } from '../rollout/engine.js';
import type { EngineIdentity } from '../rollout/index.js';
import type { Store } from '../store/index.js';
import { describeArtifact } from './artifacts.js';
import { collect, gradeRollouts } from './collect.js';
import { createEngines, type EngineUse } from './engines.js';
import { frameEnvironment } from './frames.js';
import { watchMemory } from './memory.js';
import type { Determinism, Reuse, StageContext, StageName, StageProgress } from './stage.js';

/** What vLLM and its libraries read from the environment in a worker; anything the user set wins. */
const ENGINE_ENVIRONMENT = {
  // In one process the engine is up in seconds, and dies with its worker.
  VLLM_ENABLE_V1_MULTIPROCESSING: '0',
  VLLM_NO_USAGE_STATS: '1',
  DO_NOT_TRACK: '1',
  TOKENIZERS_PARALLELISM: 'false',
  // Threads that spin while they wait make a step many times slower when other processes use the cores.
  OMP_WAIT_POLICY: 'PASSIVE',
};

/** A trainer that has the cores to itself, or takes turns with the engine, is faster by half on a CPU when its threads spin. */
function trainerEnvironment({ train: { ahead, processes } }: LoadedRecipe['recipe']) {
  const shares = ahead || processes > 1;
  return shares || process.env.OMP_WAIT_POLICY !== undefined ? {} : { OMP_WAIT_POLICY: undefined };
}

/** What the work since the last look took. */
export interface Usage {
  /** Largest memory of vauto and its workers together; null where the system does not tell. */
  readonly peakMemoryBytes: number | null;
  /** Engines that came up: seconds of importing the engine's library, and until ready after that. */
  readonly engineStarts: readonly { readonly importSeconds: number; readonly loadSeconds: number }[];
}

export interface Runtime {
  readonly bridge: Bridge;
  readonly verifyMath: MathVerifier;
  /** The engine with these weights, for a stage; see `EngineUse`. */
  engine(weights: string, use: EngineUse): Promise<RolloutEngine>;
  trainer(): Worker;
  usage(): Usage;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  readonly loaded: LoadedRecipe;
  readonly python: string;
  readonly pythonPath: string;
  readonly onLog: (line: string) => void;
  /** Folder of decoded frames, shared by workers and runs; without one each process decodes for itself. */
  readonly frames?: string;
}

/** The outside world of a run: the bridge, one warm engine whose weights are swapped, the trainer, math-verify. */
export function createRuntime({ loaded, python, pythonPath, onLog, frames }: RuntimeOptions): Runtime {
  const { recipe } = loaded;
  const env = { ...ENGINE_ENVIRONMENT, ...frameEnvironment(frames), ...process.env };
  const bridge = openBridge({ python, pythonPath, env, onLog });
  const memory = watchMemory();
  let engineStarts: Usage['engineStarts'] = [];
  const engines = createEngines({
    loaded,
    bridge,
    onLog,
    onUp: ({ importSeconds, loadSeconds }) => {
      engineStarts = [...engineStarts, { importSeconds, loadSeconds }];
    },
  });
  return {
    bridge,
    verifyMath: async (items) => {
      const params = { items, timeout_seconds: recipe.reward.mathTimeout };
      const { results } = await callRetrying(bridge.worker('math'), 'math.verify', params);
      return results;
    },
    engine: engines.get,
    trainer: () => bridge.worker('trainer', { env: trainerEnvironment(recipe) }),
    usage: () => {
      const usage = { peakMemoryBytes: memory.peakBytes(), engineStarts };
      engineStarts = [];
      return usage;
    },
    close: async () => {
      memory.stop();
      await engines.close();
      await bridge.close();
    },
  };
}

export interface StageContextOptions {
  readonly loaded: LoadedRecipe;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly runId: number;
  readonly runFolder: string;
  readonly stage: StageName;
  readonly stageId: number;
  readonly prompts: ReadonlyMap<string, PromptSet>;
  readonly system: string | undefined;
  readonly accelerate: string | undefined;
  readonly sleep: boolean;
  readonly progress: StageProgress;
  readonly signal: AbortSignal;
  readonly determinism: Determinism;
  readonly reuse: Reuse;
  readonly identity: (weights: string) => Promise<EngineIdentity>;
}

/** The one place where a stage is handed what it may touch. */
export function stageContext(options: StageContextOptions): StageContext {
  const { loaded, runtime, store, runId, runFolder, stage, stageId } = options;
  const folder = join(runFolder, stage);
  mkdirSync(folder, { recursive: true });
  const { recipe } = loaded;
  const engine = (weights: string) => runtime.engine(weights, { stage, sleep: options.sleep });
  const shared = { recipe, store, stageId, system: options.system, progress: options.progress, signal: options.signal };
  return {
    ...shared,
    runId,
    folder,
    prompts: options.prompts,
    accelerate: options.accelerate,
    sleep: options.sleep,
    verifyMath: runtime.verifyMath,
    engine,
    trainer: runtime.trainer,
    collect: (weights, job) =>
      collect(
        {
          ...shared,
          ...{ verifyMath: runtime.verifyMath, determinism: options.determinism, reuse: options.reuse },
          engine: () => engine(weights),
          identity: () => options.identity(weights),
        },
        job,
      ),
    grade: (pass, prompts, rollouts) =>
      gradeRollouts({ recipe, verifyMath: runtime.verifyMath }, pass, prompts, rollouts),
    artifact: (name, path) => describeArtifact(runFolder, name, path),
    warn: (kind, message, data) => {
      store.addEvent(runId, { level: 'warning', stage, kind, message, data });
      options.progress.note(`warning: ${message}`);
    },
  };
}
