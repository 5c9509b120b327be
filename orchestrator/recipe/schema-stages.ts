import { z } from 'zod';
import { HUB_REPO } from './hub-repo.js';
import { argumentsSchema } from './schema-arguments.js';

const temperature = z.number().min(0).max(5);
const maxTokens = z.int().min(1).max(131_072);

export const filterSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Drop questions that the starting policy always or never gets right.'),
    rollouts: z
      .int()
      .min(2, { error: 'at least 2 rollouts are needed to see a question answered both rightly and wrongly' })
      .max(1024)
      .default(8)
      .describe('Rollouts of each training question.'),
    temperature: temperature
      .gt(0, { error: 'it must be above 0: greedy rollouts of one question are all alike' })
      .default(1)
      .describe('Sampling temperature of the filter.'),
    topP: z.number().gt(0).max(1).default(1).describe('Nucleus sampling of the filter; 1 is off.'),
    maxTokens: maxTokens.default(2048).describe('Generated tokens of one rollout at most.'),
    keepGrounding: z
      .boolean()
      .default(false)
      .describe('Keep grounding questions (iou, gqa) whatever their rollouts say, as the paper did.'),
    grounding: z
      .enum(['threshold', 'spread'])
      .default('threshold')
      .describe(
        'What makes the rollouts of a grounding question differ: threshold, some reach reward.correctThreshold and some do not; spread, their values lie at least filter.spread apart.',
      ),
    spread: z
      .number()
      .gt(0)
      .max(2)
      .default(0.1)
      .describe('With grounding: spread: least distance between the best and the worst value of a question to keep.'),
    exactPassRate: z
      .boolean()
      .default(false)
      .describe(
        'Make all rollouts of every question, for exact pass rates; without it a question is kept at its first right and wrong rollout, and the rest are saved. The questions kept are the same.',
      ),
    unknown: z
      .enum(['drop', 'keep', 'stop'])
      .default('drop')
      .describe('What becomes of a question that failed rollouts or graders leave undecided.'),
  })
  .prefault({})
  .describe('Which training questions are worth training on (paper, appendix A).');

const weight = z.number().min(0).max(100);

export const rewardSchema = z
  .strictObject({
    first: weight.default(0.9).describe('Weight w1 of the first answer.'),
    second: weight.default(1.1).describe('Weight w2 of the second answer.'),
    format: weight.default(1).describe('Weight λ of the format reward.'),
    formatRule: z
      .enum(['strict', 'reference'])
      .default('strict')
      .describe(
        'What earns the format reward: strict, as the paper describes it; reference, what its published code accepts (empty boxes, a blank think block), to compare with published numbers.',
      ),
    fallback: weight.default(0.3).describe('Bonus α for a fallback first answer with a right second answer.'),
    correctThreshold: z
      .number()
      .gt(0)
      .max(1)
      .default(0.7)
      .describe('IoU from which a grounded answer counts as correct.'),
    mathTimeout: z
      .number()
      .gt(0)
      .max(600)
      .default(5)
      .describe('Seconds for comparing one answer by algebra; one that needs longer gets no verdict (state timeout).'),
  })
  .prefault({})
  .describe('The dual-answer reward (paper, section 3.2).');

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

export const evaluateSchema = z
  .strictObject({
    policies: z
      .array(z.enum(['never', 'always', 'auto']))
      .min(1)
      .default(['never', 'always', 'auto'])
      .describe(
        'never: the first answer; always: the second; auto: the first when its confidence reaches the threshold. With prompting.mode adapt-think: made to answer at once; made to think; as the model chooses.',
      ),
    threshold: z
      .number()
      .gt(0, { error: 'it must be above 0; the policy never takes every first answer' })
      .max(1)
      .default(0.97)
      .describe('Confidence τ from which auto stops at the first answer.'),
    maxTokens: maxTokens.default(4096).describe('Generated tokens of one rollout at most.'),
    thinkBudget: z
      .int()
      .min(0)
      .max(131_072)
      .optional()
      .describe('Tokens of thinking after which the second answer is asked for (default: no limit but maxTokens).'),
    samples: z
      .strictObject({
        count: z
          .int()
          .min(0)
          .max(1024)
          .default(1)
          .describe('Sampled rollouts of each question beside the greedy one; 0 for none.'),
        temperature: temperature
          .gt(0, { error: 'it must be above 0: the greedy pass is there anyway' })
          .default(1)
          .describe('Their temperature.'),
      })
      .prefault({})
      .describe('The sampled pass, which shows what training changed at the temperature it trained at.'),
  })
  .prefault({})
  .describe('Accuracy, tokens and think ratio on the benchmarks.');

export const sweepSchema = z
  .strictObject({
    holdout: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('Share of the questions on which the chosen threshold is measured, not chosen.'),
    rule: z
      .enum(['fewest-tokens', 'max-accuracy', 'token-budget'])
      .default('fewest-tokens')
      .describe(
        'How τ is chosen. fewest-tokens: the cheapest threshold within the tolerance of the best accuracy; max-accuracy: the best accuracy; token-budget: the best accuracy that the budget allows.',
      ),
    tolerance: z.number().min(0).max(1).default(0.01).describe('Accuracy that may be given up for fewer tokens.'),
    budget: z
      .number()
      .gt(0)
      .optional()
      .describe('Mean generated tokens of a question that the rule token-budget may spend.'),
    liveCheck: z
      .boolean()
      .default(true)
      .describe(
        'Answer the held-out questions once more with the engine stopping at the chosen threshold, and compare with what the recorded traces say.',
      ),
  })
  .prefault({})
  .describe('The frontier of accuracy against tokens over all thresholds.');

export const reportSchema = z
  .strictObject({
    traces: z.int().min(0).max(100).default(3).describe('Sample traces shown with their frames.'),
  })
  .prefault({})
  .describe('report.md and report.html.');
