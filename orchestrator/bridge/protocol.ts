import { z } from 'zod';
import { finishReasons } from '../records/index.js';

/**
 * Everything that crosses between TypeScript and Python, one entry a method (snake_case on the wire).
 * `protocol.schema.json` in python/vauto_worker is made from it (schema-file.ts); tests on both sides read it.
 */

/** What a method takes, returns, reports while it runs (`events`) and asks (`asks`). */
export interface Method {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  readonly events?: Readonly<Record<string, z.ZodType>>;
  readonly asks?: Readonly<Record<string, { readonly question: z.ZodType; readonly answer: z.ZodType }>>;
}

const count = z.number().int().nonnegative();
const seconds = z.number();
const tokenIds = z.array(z.number().int());
const empty = z.object({});

/** Pixel limits per frame and for a whole video (28×28 pixels a visual token in the paper's models). */
const videoBudget = z.object({
  fps: z.number().positive(),
  max_frames: z.number().int().positive(),
  min_pixels: z.number().int().positive(),
  max_pixels: z.number().int().positive(),
  total_pixels: z.number().int().positive(),
});

const message = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  /** A part of type image or video stands for the next entry of `media`. */
  content: z.array(
    z.union([z.object({ type: z.literal('text'), text: z.string() }), z.object({ type: z.enum(['image', 'video']) })]),
  ),
});
const media = z.object({
  kind: z.enum(['image', 'video']),
  path: z.string(),
  start: seconds.optional(),
  end: seconds.optional(),
  sha256: z.string(),
});

const engineInfo = z.object({
  engine: z.string(),
  version: z.string(),
  weights: z.string(),
  libraries: z.record(z.string(), z.string()),
  device: z.string(),
  import_seconds: seconds,
  load_seconds: seconds,
  max_model_len: count,
});

const generateRequest = z.object({
  id: count,
  messages: z.array(message),
  media: z.array(media),
  seed: z.number().int(),
  temperature: z.number().nonnegative(),
  top_p: z.number(),
  top_k: z.number().int(),
  max_tokens: z.number().int().positive(),
  stop: z.array(z.string()),
  /** τ of the early exit; without it nothing is ended early. */
  exit_threshold: z.number().optional(),
  think_budget: count.optional(),
  /** Text that the completion is made to begin with, and the probability with which it was chosen. */
  begin: z.object({ text: z.string().min(1), probability: z.number().positive().max(1) }).optional(),
});
const rolloutEvent = z.object({
  id: count,
  key: z.string(),
  text: z.string(),
  token_ids: tokenIds,
  logprobs: z.array(z.number()),
  /** Where each token ends in `text`, in UTF-16 code units. */
  token_ends: z.array(count),
  finish_reason: z.enum(finishReasons),
  prompt_tokens: count,
  cached_tokens: count,
  /** Tokens at its beginning that were given (`begin`); the first has the log-prob of the choice, the others 0. */
  forced: count.optional(),
  exit: z.object({ exited: z.boolean(), confidence: z.number().nullable(), reason: z.string() }).optional(),
});
const progressEvent = z.object({ done: count, total: count, generated_tokens: count });

const inspectSample = z.object({ messages: z.array(message), media: z.array(media), token_ids: tokenIds });
/** What the model is given of one image or video, the same from engine and trainer. */
const mediumView = z.object({
  kind: z.enum(['image', 'video']),
  /** Seconds a temporal patch; null for a model that is told none. */
  seconds: seconds.nullable(),
  /** A digest of each frame's pixels; empty where the engine keeps them too coarsely. */
  frames: z.array(z.string()),
  /** Temporal position of each temporal patch, and of the token behind the medium; empty where a model has no such. */
  times: z.array(z.number().int()),
  next: z.number().int().nullable(),
});
const inspectItem = z.object({
  prompt_token_ids: tokenIds,
  visual_grid: z.array(z.array(count)),
  media: z.array(mediumView),
  logprobs: z.array(z.number()),
});
/** `stale`: parts of the engine that are not those of its present weights. */
const engineItem = inspectItem.extend({ stale: z.array(z.enum(['output head', 'visual embeddings'])) });

const probed = z.object({
  path: z.string(),
  kind: z.enum(['image', 'video']),
  width: count,
  height: count,
  duration: seconds.nullable(),
  fps: z.number().nullable(),
  frames: count.nullable(),
  rotation: z.number(),
});
const unusable = z.object({ path: z.string(), error: z.object({ code: z.string(), message: z.string() }) });

const trainParams = z.object({
  model: z.string(),
  output_dir: z.string(),
  /** Folder for the trained policy as an ordinary checkpoint. */
  policy_dir: z.string().optional(),
  prompts_file: z.string(),
  video_budget: videoBudget,
  seed: z.number().int(),
  steps: count,
  prompts_per_step: z.number().int().positive(),
  /** Optimiser steps on the rollouts of one round; default 1. */
  steps_per_round: z.number().int().positive().optional(),
  group_size: z.number().int().positive(),
  learning_rate: z.number(),
  beta: z.number(),
  temperature: z.number(),
  max_completion_tokens: z.number().int().positive(),
  /** Longer prompts, media included, are left out with a warning. */
  max_prompt_tokens: z.number().int().positive().optional(),
  epsilon: z.number().optional(),
  loss_type: z.string().optional(),
  save_every: z.number().int().positive(),
  keep_checkpoints: z.number().int().positive().optional(),
  /** Number of a step by whose mean the policy to end with is chosen; without it the last. */
  best: z.string().optional(),
  /** engine: completions are asked for (`rollouts`); colocate, server: TRL's own vLLM; else transformers makes them. */
  generation: z.enum(['engine', 'transformers', 'colocate', 'server']).optional(),
  /** With `engine`: the rollouts of a round are made during the steps of the one before. */
  ahead: z.boolean().optional(),
  /** The engine sleeps during the steps: the trainer makes room before it wakes. */
  sleep: z.boolean().optional(),
  /** Largest gap between engine and trainer log-probs of one token, checked at every round of `engine` generation. */
  parity_tolerance: z.number().optional(),
  /** Completions by which a hand-over is checked where the rollouts themselves cannot show it (`ahead`). */
  parity_samples: count.optional(),
  /** Trains an adapter instead of the weights; `targets`: ends of layer names, default all linear layers. */
  lora: z
    .object({
      rank: z.number().int().positive(),
      alpha: z.number().positive(),
      dropout: z.number().nonnegative(),
      targets: z.array(z.string()).optional(),
    })
    .optional(),
  /** With several processes, or a configuration of accelerate's, the training runs in processes started by it. */
  processes: z.number().int().positive().optional(),
  /** Path of that configuration file. */
  accelerate: z.string().optional(),
  /** Where these processes ask and tell what the bridge carries otherwise (training/ask-server.ts). */
  ask: z.object({ url: z.string(), token: z.string() }).optional(),
  /** Any other GRPOConfig field. */
  trl: z.record(z.string(), z.unknown()),
});
/** The policy after `step` optimiser steps, and what the trainer's log-probs of a few completions are with it. */
const weightsQuestion = z.object({
  step: count,
  folder: z.string(),
  check: z.array(z.object({ prompt_id: z.string(), token_ids: tokenIds, logprobs: z.array(z.number()) })),
});
/** Rollouts of the round whose first step is `step`, `index` counting within a prompt's group. */
const rolloutsQuestion = z.object({
  step: count,
  rollouts: z.array(z.object({ prompt_id: z.string(), index: count })),
});
/**
 * In the order of the question; empty lists where the engine could not answer, another prompt's group where one without
 * difference was replaced. `weights_step`: optimiser steps that the weights had seen.
 */
const rolloutsAnswer = z.object({
  weights_step: count,
  rollouts: z.array(
    z.object({
      prompt_id: z.string(),
      token_ids: tokenIds,
      logprobs: z.array(z.number()),
      /** Tokens at the beginning that were given and not sampled. */
      forced: count.optional(),
    }),
  ),
});
const rewardQuestion = z.object({
  step: count,
  /** Place of the first of these completions in the round; only where several processes ask for their parts. */
  part: count.optional(),
  completions: z.array(
    z.object({ prompt_id: z.string(), index: count, text: z.string(), token_ids: tokenIds, truncated: z.boolean() }),
  ),
});
/** `metrics`: what the rollouts say about the policy, for TRL's trackers. */
const rewardAnswer = z.object({
  rewards: z.array(z.number().nullable()),
  metrics: z.record(z.string(), z.number()).optional(),
});
/** Metrics of one optimiser step; which ones there are is TRL's business. */
const stepEvent = z.object({ step: count }).catchall(z.number().nullable());

export const methods = {
  /** Versions and device of the worker's environment. */
  'env.describe': {
    params: empty,
    result: z.object({
      python: z.string(),
      platform: z.string(),
      packages: z.record(z.string(), z.string()),
      device: z.string(),
    }),
  },
  /** Names that vLLM's EngineArgs and TRL's GRPOConfig take. */
  'env.engine_arguments': {
    params: empty,
    result: z.object({ engine: z.array(z.string()), trl: z.array(z.string()) }),
  },
  /** Whether answers equal their gold by math-verify. */
  'math.verify': {
    params: z.object({
      items: z.array(z.object({ gold: z.string(), answer: z.string() })),
      timeout_seconds: z.number().positive(),
    }),
    result: z.object({
      results: z.array(
        z.object({
          equal: z.boolean().nullable(),
          state: z.enum(['graded', 'unparsed', 'timeout', 'error']),
          normalised: z.string().nullable(),
        }),
      ),
    }),
  },
  'media.probe': {
    params: z.object({ paths: z.array(z.string()) }),
    result: z.object({ items: z.array(z.union([probed, unusable])) }),
  },
  /** Image files of frames as the model saw them. */
  'media.thumbnails': {
    params: z.object({
      path: z.string(),
      start: seconds.optional(),
      end: seconds.optional(),
      video_budget: videoBudget,
      out_dir: z.string(),
      count: z.number().int().positive(),
    }),
    result: z.object({ items: z.array(z.object({ time: seconds, file: z.string() })) }),
  },
  'rollout.load': {
    params: z.object({
      model: z.string(),
      revision: z.string().optional(),
      trust_remote_code: z.boolean(),
      engine_args: z.record(z.string(), z.unknown()),
      video_budget: videoBudget,
      seed: z.number().int(),
      /** The engine can be put to sleep (vLLM's sleep mode; CUDA). */
      sleep: z.boolean().optional(),
    }),
    result: engineInfo,
  },
  /** One unit of requests; each completion is an event, so that none waits for the slowest. */
  'rollout.generate': {
    /** `following`: media that the next call will probably ask for; decoded while the engine works on these. */
    params: z.object({ requests: z.array(generateRequest), following: z.array(media).optional() }),
    result: z.object({ seconds, generated_tokens: count }),
    events: {
      rollout: rolloutEvent,
      failed: z.object({ id: count, code: z.string(), message: z.string() }),
      progress: progressEvent,
    },
  },
  /** New weights into the running engine. */
  'rollout.swap': { params: z.object({ model: z.string() }), result: engineInfo },
  /** The engine gives its device memory away until the next call that needs it. */
  'rollout.sleep': { params: empty, result: empty },
  'rollout.inspect': {
    params: z.object({ samples: z.array(inspectSample) }),
    result: z.object({ items: z.array(engineItem) }),
    events: { progress: progressEvent },
  },
  /** GRPO from the newest complete checkpoint in `output_dir` on. */
  'train.run': {
    params: trainParams,
    /** `step`: the one after which the policy was as it is exported. */
    result: z.object({ checkpoint: z.string(), steps: count, step: count }),
    events: {
      step: stepEvent,
      saved: z.object({ step: count, path: z.string() }),
      /** Something that was left out or that the user should know, with what it concerns. */
      warning: z.looseObject({ message: z.string() }),
    },
    asks: {
      weights: { question: weightsQuestion, answer: empty },
      rollouts: { question: rolloutsQuestion, answer: rolloutsAnswer },
      /** Begins a later round with the weights last handed over; answered at once. */
      ahead: { question: rolloutsQuestion, answer: empty },
      /** Answered when what was begun ahead is on disk. */
      settle: { question: empty, answer: empty },
      reward: { question: rewardQuestion, answer: rewardAnswer },
    },
  },
  /** A folder to the Hugging Face Hub, with the token of the worker's environment. */
  'hub.push': {
    params: z.object({
      folder: z.string(),
      repo: z.string(),
      private: z.boolean(),
      /** A branch, made if it is not there. */
      revision: z.string().optional(),
      /** Of the commit. */
      message: z.string(),
    }),
    result: z.object({ commit_url: z.string(), repo_url: z.string() }),
  },
  /** Recorded steps to a tracker, as a training would have reported them. */
  'trackers.replay': {
    params: z.object({
      tracker: z.string(),
      folder: z.string(),
      run_name: z.string(),
      project: z.string(),
      steps: z.array(z.object({ step: count, metrics: z.record(z.string(), z.number().nullable()) })),
    }),
    result: z.object({ steps: count }),
  },
  'train.logprobs': {
    params: z.object({ model: z.string(), video_budget: videoBudget, samples: z.array(inspectSample) }),
    result: z.object({ items: z.array(inspectItem) }),
  },
} as const satisfies Record<string, Method>;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
export type Params<M extends MethodName> = z.input<Methods[M]['params']>;
export type Result<M extends MethodName> = z.output<Methods[M]['result']>;
