import type { Bridge } from '../bridge/index.js';
import type { LoadedRecipe } from '../recipe/index.js';
import type { EngineInfo, RolloutEngine } from '../rollout/engine.js';
import {
  createEnginePool,
  createOpenAiEngine,
  createReplayEngine,
  createVllmEngine,
  openRecordings,
  type Recordings,
} from '../rollout/index.js';
import { videoBudget } from '../training/params.js';
import type { StageName } from './stage.js';

/** Several engines get a device each: the next of those that this process may see. One engine sees them all. */
function deviceOf({ engine: { workers } }: LoadedRecipe['recipe'], place: number): Record<string, string> {
  if (workers === 1) return {};
  const visible = process.env.CUDA_VISIBLE_DEVICES?.split(',') ?? [];
  return { CUDA_VISIBLE_DEVICES: visible[place] ?? String(place) };
}

/** Stages whose recorded rollouts answer a stage, the best first: a replay does not train, so it has one evaluation. */
const REPLAYED: Readonly<Record<StageName, readonly string[]>> = {
  filter: ['filter'],
  'evaluate-before': ['evaluate-before', 'evaluate'],
  train: [],
  evaluate: ['evaluate', 'evaluate-before'],
  sweep: ['sweep'],
  report: [],
};

function first<T, R>(items: readonly T[], of: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = of(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What an engine is wanted for. */
export interface EngineUse {
  /** Recorded rollouts are looked up by the stage that asks. */
  readonly stage: StageName;
  /** Whether it can be put to sleep; decided when it comes up. */
  readonly sleep: boolean;
}

export interface EnginesOptions {
  readonly loaded: LoadedRecipe;
  readonly bridge: Bridge;
  readonly onLog: (line: string) => void;
  /** Called each time that vLLM has come up. */
  readonly onUp: (info: EngineInfo) => void;
}

/** The engine of a run, as the recipe names it: made when first asked for, kept warm, its weights exchanged. */
export function createEngines({ loaded, bridge, onLog, onUp }: EnginesOptions) {
  const { recipe } = loaded;
  let engine: RolloutEngine | undefined;
  let weightsInUse: string | undefined;
  let recordings: Promise<Recordings> | undefined;

  async function replay(file: string, stage: StageName): Promise<RolloutEngine> {
    recordings ??= openRecordings(loaded.resolve(file));
    const recorded = await recordings;
    return createReplayEngine({ find: (request) => first(REPLAYED[stage], (name) => recorded.find(name, request)) });
  }

  function openEngine(weights: string, sleep: boolean): RolloutEngine | Promise<RolloutEngine> {
    const { server } = recipe.engine;
    if (server !== undefined)
      return createOpenAiEngine({ ...server, model: weights, mediaUrls: server.media, exitMode: server.exit, onLog });
    const engines = Array.from({ length: recipe.engine.workers }, (_, place) =>
      createVllmEngine({
        worker: bridge.worker(place === 0 ? 'engine' : `engine-${place}`, { env: deviceOf(recipe, place) }),
        model: weights,
        ...(recipe.model.revision === undefined ? {} : { revision: recipe.model.revision }),
        trustRemoteCode: recipe.model.trustRemoteCode,
        engineArgs: recipe.engine.args,
        videoBudget: videoBudget(recipe),
        seed: recipe.seed,
        sleep,
        onLog,
        onUp,
      }),
    );
    return Promise.all(engines).then((all) => (all.length === 1 ? (all[0] as RolloutEngine) : createEnginePool(all)));
  }

  async function get(weights: string, { stage, sleep }: EngineUse): Promise<RolloutEngine> {
    const file = recipe.engine.recordings;
    if (file !== undefined) return replay(file, stage);
    if (engine === undefined) {
      engine = await openEngine(weights, sleep);
    } else if (weightsInUse !== weights) {
      await engine.loadWeights(weights);
    }
    weightsInUse = weights;
    return engine;
  }

  return {
    get,
    async close(): Promise<void> {
      // A server's requests end here; a worker's engine ends with its worker.
      if (recipe.engine.server !== undefined) await engine?.close();
      // A file that could not be opened has been complained of.
      (await recordings?.catch(() => undefined))?.close();
    },
  };
}
