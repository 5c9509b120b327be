import { z } from 'zod';
import { HUB_REPO } from './hub-repo.js';
import { argumentsSchema } from './schema-arguments.js';
import { maxTokens, temperature } from './schema-values.js';

const loraSchema = z
  .strictObject({
    rank: z.int().min(1).max(1024).default(16).describe('Rank r of the adapter.'),
    alpha: z.number().gt(0).max(4096).default(32).describe('Its scale: what it adds is multiplied by alpha / rank.'),
    dropout: z.number().min(0).lt(1).default(0).describe('Dropout on the input of the adapter while it trains.'),
    targets: z
      .array(z.string().regex(/^[A-Za-z0-9_.]+$/, { error: 'the end of the name of a layer, such as q_proj' }))
      .min(1)
      .optional()
      .describe(
        'Layers that carry it, by the end of their name (q_proj, v_proj, …); default: all linear layers of the language model and the projector.',
      ),
  })
  .describe(
    'Trains a low-rank adapter (LoRA, through peft) instead of the weights; without it all of the language model and the projector train. The exported policy has it added.',
  );

const pushSchema = z
  .strictObject({
    repo: z
      .string()
      .regex(HUB_REPO, { error: 'a repository is named owner/name' })
      .describe('Repository owner/name; made if it is not there.'),
    private: z
      .boolean()
      .default(true)
      .describe('Whether only its owner sees it; with true a repository that is public is refused.'),
    revision: z.string().min(1).optional().describe('Branch, made if it is not there; default main.'),
  })
  .describe(
    'Uploads the trained policy to the Hugging Face Hub. The token comes from the environment (HF_TOKEN) alone; a push that fails is a warning.',
  );

const adaptThinkSchema = z
  .strictObject({
    delta: z
      .number()
      .min(0)
      .max(100)
      .default(0.05)
      .describe(
        'Bonus δ of a reply that answers without thinking, right or wrong; a right answer earns first + second.',
      ),
    direct: z
      .string()
      .min(1)
      .default('\\boxed')
      .describe(
        'What a direct reply begins with; </think> for a model whose chat template opens the think tag. Without the brace, which tokenizers merge with what follows.',
      ),
    think: z
      .string()
      .min(1)
      .default('<think>')
      .describe(
        'What a thinking reply begins with; for a model whose template opens the think tag the first word of a thought.',
      ),
  })
  .prefault({})
  .describe(
    'The trained switch of prompting.mode adapt-think (AdaptThink, arXiv 2505.13417): one half of each group is made to answer at once, the other to think.',
  );

export const trainSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Train with GRPO; off, the starting policy is evaluated as it is.'),
    generation: z
      .enum(['engine', 'transformers', 'colocate', 'server'])
      .default('engine')
      .describe(
        "What generates the rollouts of training: engine, the rollout engine, which is given the new weights before each round; transformers, inside TRL; colocate and server, TRL's own vLLM (CUDA, prompts of text alone; server: a running trl vllm-serve, set train.trl.vllm_server_base_url).",
      ),
    steps: z.int().min(1).max(1_000_000).default(60).describe('Optimiser steps.'),
    promptsPerStep: z.int().min(1).max(4096).default(8).describe('Questions in one step.'),
    stepsPerRound: z
      .int()
      .min(1)
      .max(1024)
      .default(1)
      .describe(
        'Optimiser steps on the rollouts of one round (the paper: 8): the rollouts of all of them are generated together, with the weights at its beginning.',
      ),
    ahead: z
      .boolean()
      .default(false)
      .describe(
        'Generate the rollouts of a round during the steps of the one before; they are then one round older than the policy (engine only).',
      ),
    sleep: z
      .enum(['auto', 'on', 'off'])
      .default('auto')
      .describe(
        "Whether the engine gives its GPU memory away while the trainer takes its steps (vLLM's sleep mode; engine only, not with ahead). auto: where both have one GPU between them.",
      ),
    dynamicSampling: z
      .int()
      .min(0)
      .max(16)
      .default(0)
      .describe(
        'Times that groups without difference, all of whose rewards are equal, are replaced by those of further questions in a round; 0 is off (DAPO; engine only).',
      ),
    groupSize: z
      .int()
      .min(2, { error: 'a group needs at least 2 rollouts (its advantage is 0 otherwise)' })
      .max(1024)
      .default(8)
      .describe('Rollouts of one question, whose rewards are compared with each other.'),
    learningRate: z.number().gt(0).max(1).default(1e-6).describe('Peak learning rate.'),
    beta: z
      .number()
      .min(0)
      .max(10)
      .default(0.01)
      .describe('Weight β of the KL term; 0 leaves the reference model out.'),
    temperature: temperature
      .gt(0, { error: 'it must be above 0: greedy rollouts of one group are all alike' })
      .default(1)
      .describe('Sampling temperature of the rollouts.'),
    maxCompletionTokens: maxTokens.default(2048).describe('Generated tokens of one rollout at most.'),
    maxPromptTokens: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(8192)
      .describe('Tokens of a prompt at most, media included; longer ones are left out of training, with a warning.'),
    saveEvery: z
      .int()
      .min(1)
      .default(20)
      .describe('Steps between checkpoints; an interrupted training continues from the last one.'),
    processes: z
      .int()
      .min(1)
      .max(1024)
      .default(1)
      .describe('Processes that train together on this machine, one a GPU, started by accelerate.'),
    accelerate: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Configuration file of accelerate for these processes (DeepSpeed, FSDP, mixed precision), relative to the recipe; recipes/accelerate has some.',
      ),
    paritySamples: z
      .int()
      .min(0)
      .max(64)
      .default(4)
      .describe(
        'Questions on which engine and trainer are compared before the first step; 0 leaves the comparison out.',
      ),
    parityTolerance: z
      .number()
      .gt(0)
      .max(10)
      .default(0.02)
      .describe('Largest allowed difference between the log-probabilities that engine and trainer give one token.'),
    alarms: z
      .enum(['warn', 'stop', 'off'])
      .default('warn')
      .describe(
        'When the numbers of the last steps show a collapse, a stall or a reward that is earned without answering: warn, stop with a checkpoint, or nothing.',
      ),
    keepCheckpoints: z
      .int()
      .min(1)
      .max(1000)
      .default(2)
      .describe('Newest checkpoints that are kept; older ones are removed.'),
    storedRollouts: z
      .int()
      .min(0)
      .default(4096)
      .describe(
        'Rollouts of one step that are stored at most; of more, whole groups drawn by the seed. 0 stores none. Rewards and numbers are of all.',
      ),
    best: z
      .enum(['reward_mean', 'first_reward', 'second_reward', 'first_correct', 'second_correct', 'format_rate'])
      .optional()
      .describe(
        'Ends with the checkpoint whose mean of this number, over the steps since the checkpoint before it, is highest; without it, with the last. It is kept beside the newest.',
      ),
    lora: loraSchema.optional(),
    push: pushSchema.optional(),
    adaptThink: adaptThinkSchema,
    control: z
      .enum(['none', 'shuffled-rewards'])
      .default('none')
      .describe(
        'A control experiment: shuffled-rewards deals the rewards of a step to the wrong rollouts, so that nothing can be learnt.',
      ),
    trl: argumentsSchema
      .default({})
      .describe("Any field of TRL's GRPOConfig by its Python name (loss_type, epsilon_high, …)."),
  })
  .prefault({})
  .describe('GRPO training with TRL.');
