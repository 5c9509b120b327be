import { z } from 'zod';
import { argumentsSchema } from './schema-arguments.js';
import { dataSchema } from './schema-data.js';
import { evaluateSchema, filterSchema, reportSchema, rewardSchema, sweepSchema } from './schema-stages.js';
import { trainSchema } from './schema-train.js';

const modelSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .describe(
        'Starting policy: a model folder, relative to the recipe file, or a hub id such as Qwen/Qwen2.5-VL-7B-Instruct; with engine.kind openai the name under which the server has it.',
      ),
    revision: z.string().min(1).optional().describe('Commit, tag or branch of a hub id.'),
    trustRemoteCode: z
      .boolean()
      .default(false)
      .describe('Let the model repository run its own Python code. Off unless you have read that code.'),
  })
  .describe('The policy that the run starts from.');

const pythonSchema = z
  .strictObject({
    venv: z
      .string()
      .min(1)
      .optional()
      .describe('Virtual environment with vLLM and TRL, relative to the recipe file (default: .venv beside vauto).'),
  })
  .prefault({})
  .describe('The Python that runs vLLM and TRL.');

const promptingSchema = z
  .strictObject({
    mode: z
      .enum(['answer-twice', 'cot', 'direct', 'adapt-think'])
      .default('answer-twice')
      .describe(
        'answer-twice: answer, think, answer again (VideoAuto-R1); cot: think, then answer; direct: answer alone; adapt-think: answer at once or after thinking, as the model chooses (AdaptThink).',
      ),
    parsers: z
      .array(z.enum(['answer-tag', 'box', 'after-think', 'whole']))
      .min(1)
      .default(['box'])
      .describe(
        'In the modes with one answer (cot, direct, adapt-think): where it is looked for, in this order. answer-tag: the last <answer>…</answer>; box: the last \\boxed{…}; after-think: all behind </think>; whole: the whole reply.',
      ),
    system: z
      .string()
      .min(1)
      .optional()
      .describe('File whose text replaces the built-in system prompt, relative to the recipe file.'),
  })
  .prefault({})
  .describe('How prompts are put to the model.');

const videoSchema = z
  .strictObject({
    fps: z.number().positive().max(60).default(2).describe('Frames sampled from each second of video.'),
    maxFrames: z
      .int()
      .min(2)
      .max(4096)
      .default(256)
      .describe('Most frames of one video; longer videos are sampled evenly.'),
    minTokensPerFrame: z.int().min(1).default(16).describe('Smallest size of a frame, in visual tokens.'),
    maxTokensPerFrame: z.int().min(1).default(768).describe('Largest size of a frame, in visual tokens.'),
    totalTokens: z.int().min(1).default(4096).describe('Visual tokens of a whole video at most.'),
    pixelsPerToken: z
      .int()
      .min(64)
      .max(16_384)
      .default(784)
      .describe('Pixels that one visual token covers: 784 (28×28) for Qwen2.5-VL, 1024 (32×32) for Qwen3-VL.'),
  })
  .prefault({})
  .describe('How much of a video the model sees, in rollouts and in training alike.');

const serverSchema = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe('Its address, such as http://127.0.0.1:8000/v1.'),
    apiKeyEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'the name of an environment variable is needed, not the key itself' })
      .optional()
      .describe('Environment variable that holds the key; the key itself is never written down.'),
    concurrency: z.int().min(1).max(4096).default(64).describe('Requests under way at a time.'),
    patience: z
      .number()
      .min(0)
      .max(86_400)
      .default(600)
      .describe(
        'Seconds that the server may be gone in the middle of a run (it is started again, the network is down) before the run stops; what it was answering is asked again.',
      ),
    media: z
      .enum(['data', 'file'])
      .default('data')
      .describe(
        'How videos reach the server: data, inside the request; file, by their path, which the server must be allowed to read (--allowed-local-media-path).',
      ),
    exit: z
      .enum(['stream', 'two-requests'])
      .optional()
      .describe(
        'How an early exit is made: stream, by closing the stream at the first answer; two-requests, by a second request with the same prefix (default: stream, where the server streams log-probabilities).',
      ),
  })
  .describe(
    'The server of engine.kind openai; it decodes the videos its own way, and the section video does not reach it.',
  );

const engineSchema = z
  .strictObject({
    kind: z
      .enum(['vllm', 'openai', 'replay'])
      .default('vllm')
      .describe(
        'What makes the rollouts: vllm, started here; openai, a server that runs already (vllm serve); replay, nothing: they are taken from a file of recorded ones.',
      ),
    server: serverSchema.optional(),
    recordings: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Recorded rollouts of engine.kind replay (vauto runs export NAME --rollouts FILE), relative to the recipe file.',
      ),
    args: argumentsSchema
      .default({})
      .describe('Any argument of the vLLM engine by its Python name (max_model_len, tensor_parallel_size, …).'),
    unit: z
      .int()
      .min(1)
      .max(65_536)
      .default(64)
      .describe(
        'Requests in one unit of work: generated together, committed together, repeated together after a crash.',
      ),
    determinism: z
      .enum(['auto', 'bitwise', 'throughput'])
      .default('auto')
      .describe(
        'bitwise: units are kept apart, so that the same seeds give the same tokens; throughput: several units are generated together, as many as makes it faster; auto: bitwise on a CPU, throughput on a GPU.',
      ),
    workers: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe('Engines side by side, one a GPU; each question goes to the one that has its video.'),
  })
  .prefault({})
  .describe('The rollout engine.');

/** Everything that a run does, as written in one YAML file. Every key that is not here is refused. */
export const recipeSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of the recipe format.'),
    name: z
      .string()
      .max(100)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
        error: 'letters, digits, ".", "_" and "-" are allowed, beginning with a letter or digit',
      })
      .describe("The run's name unless --run gives another; also the name of its folder."),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(7)
      .describe('Seed of sampling, training and intervals.'),
    model: modelSchema,
    python: pythonSchema,
    prompting: promptingSchema,
    data: dataSchema,
    video: videoSchema,
    engine: engineSchema,
    filter: filterSchema,
    reward: rewardSchema,
    train: trainSchema,
    evaluate: evaluateSchema,
    sweep: sweepSchema,
    report: reportSchema,
  })
  .describe('A vauto recipe: filter, train, evaluate, sweep and report.');

/** What a recipe means that says nothing, where it may say nothing. */
export const recipeDefaults = recipeSchema.pick({ seed: true, video: true, evaluate: true }).parse({});

/** A recipe as the rest of vauto sees it: checked, every default filled in. */
export type Recipe = z.infer<typeof recipeSchema>;
