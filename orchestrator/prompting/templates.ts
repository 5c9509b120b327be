import { createHash } from 'node:crypto';
import { FALLBACK_SENTENCE, type ProblemType } from '../records/index.js';

/**
 * How a model is asked.
 * answer-twice: answer, think, answer again (VideoAuto-R1, section 3.1); cot: think, then answer; direct: the answer alone;
 * adapt-think: the answer at once or after thinking, as the model chooses (AdaptThink, arXiv 2505.13417).
 */
export type PromptingMode = 'answer-twice' | 'cot' | 'direct' | 'adapt-think';

/** Built-in system prompts. What a model is trained with it must be evaluated with: the text is part of every key. */
export const SYSTEM_PROMPTS: Readonly<Record<PromptingMode, string>> = {
  'answer-twice': [
    'You are a helpful assistant.',
    'FIRST, give your initial answer inside the first \\boxed{...}, with no analysis or explanation before it.',
    `If the answer cannot be determined without reasoning, put exactly \\boxed{${FALLBACK_SENTENCE}} there instead.`,
    'THEN, work through the question step by step inside a single pair of <think> and </think> tags.',
    'AT LAST, give your final answer inside a second \\boxed{...}: repeat the initial answer if it proved right, correct it if it did not.',
    'Your whole reply has this layout and nothing around it: \\boxed{...}<think>...</think>\\boxed{...}',
  ].join('\n'),
  cot: [
    'You are a helpful assistant.',
    'FIRST, work through the question step by step inside a single pair of <think> and </think> tags.',
    'THEN, give your final answer inside \\boxed{...}.',
    'Your whole reply has this layout and nothing around it: <think>...</think>\\boxed{...}',
  ].join('\n'),
  direct: 'You are a helpful assistant.',
  'adapt-think': [
    'You are a helpful assistant.',
    'Decide for each question whether you have to think about it.',
    'If you know the answer at once, give it right away inside \\boxed{...}, with nothing before it.',
    'If you do not, FIRST work through the question step by step inside a single pair of <think> and </think> tags, THEN give your answer inside \\boxed{...}.',
    'Your whole reply has one of these two layouts and nothing around it: \\boxed{...} or <think>...</think>\\boxed{...}',
  ].join('\n'),
};

const BOXED = 'Put your final answer in \\boxed{}.';

/** Last line of the user turn, by problem type. The tiny model was trained with exactly these. */
export const ANSWER_SUFFIXES: Readonly<Record<ProblemType, string>> = {
  math: BOXED,
  exact_match: BOXED,
  iou: 'Give the start and end in seconds, one decimal each, as \\boxed{[start, end]}.',
  gqa: 'Give the letter and the time span in seconds as \\boxed{letter <> [start, end]}.',
};

export interface Prompting {
  readonly mode: PromptingMode;
  /** Text that replaces the built-in system prompt. */
  readonly system?: string;
}

/** Raise when the user turn is put together in another way. */
const LAYOUT_VERSION = 1;

/** The system prompt in use. */
export function systemPrompt({ mode, system }: Prompting): string {
  return system ?? SYSTEM_PROMPTS[mode];
}

/** Content hash of everything that shapes a prompt besides the question: system text, suffixes, layout. */
export function templateHash(prompting: Prompting): string {
  const parts = [LAYOUT_VERSION, systemPrompt(prompting), ...Object.entries(ANSWER_SUFFIXES)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
