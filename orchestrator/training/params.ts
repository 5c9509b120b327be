import { join } from 'node:path';
import type { StageContext } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';

/** Pixel limits as the Python worker wants them, from the recipe's token limits (paper: 28×28 pixels a token). */
export function videoBudget({ video }: Pick<Recipe, 'video'>) {
  return {
    fps: video.fps,
    max_frames: video.maxFrames,
    min_pixels: video.minTokensPerFrame * video.pixelsPerToken,
    max_pixels: video.maxTokensPerFrame * video.pixelsPerToken,
    total_pixels: video.totalTokens * video.pixelsPerToken,
  };
}

function engineParams({ ahead, parityTolerance, paritySamples }: Recipe['train']) {
  return { ahead, parity_tolerance: parityTolerance, parity_samples: paritySamples };
}

/** Tokens of a prompt at most: the recipe's limit, or what the engine can take with one token to generate. */
function longestPrompt({ train, engine }: Recipe): number {
  const { max_model_len: length } = engine.args;
  const byEngine = train.generation === 'engine' && typeof length === 'number' ? length - 1 : Number.POSITIVE_INFINITY;
  return Math.min(train.maxPromptTokens, byEngine);
}

/** Whether the training runs in processes of its own, started by accelerate. */
export function isLaunched({ processes, accelerate }: Recipe['train']): boolean {
  return processes > 1 || accelerate !== undefined;
}

/** A training in this one process, the usual one, is told nothing of others. */
function launchParams({ recipe: { train }, accelerate }: StageContext) {
  if (!isLaunched(train)) return {};
  return { processes: train.processes, ...(accelerate === undefined ? {} : { accelerate }) };
}

/** Parameters of `train.run` (bridge/protocol.ts). */
export function trainParams(context: StageContext, weights: string, promptsFile: string) {
  const { recipe, folder } = context;
  const { train } = recipe;
  return {
    model: weights,
    output_dir: folder,
    prompts_file: promptsFile,
    video_budget: videoBudget(recipe),
    seed: recipe.seed,
    steps: train.steps,
    prompts_per_step: train.promptsPerStep,
    steps_per_round: train.stepsPerRound,
    group_size: train.groupSize,
    learning_rate: train.learningRate,
    beta: train.beta,
    temperature: train.temperature,
    max_completion_tokens: train.maxCompletionTokens,
    max_prompt_tokens: longestPrompt(recipe),
    save_every: train.saveEvery,
    keep_checkpoints: train.keepCheckpoints,
    ...(train.best === undefined ? {} : { best: train.best }),
    generation: train.generation,
    ...(train.generation === 'engine' ? engineParams(train) : {}),
    ...(context.sleep ? { sleep: true } : {}),
    ...(train.lora === undefined ? {} : { lora: train.lora }),
    ...launchParams(context),
    trl: train.trl,
    policy_dir: join(folder, 'policy'),
  };
}
