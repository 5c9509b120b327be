import type { Prompt } from '../records/index.js';
import { ANSWER_SUFFIXES, type Prompting, systemPrompt, templateHash } from './templates.js';

/** One chat turn, in the form that every engine takes; a part of type image or video stands for the prompt's next medium. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: readonly ChatPart[];
}
export type ChatPart = { readonly type: 'text'; readonly text: string } | { readonly type: 'image' | 'video' };

export interface Chat {
  readonly messages: readonly ChatMessage[];
  /** See `templateHash`. */
  readonly templateHash: string;
}

/** A prompt as chat messages: the system turn, then one user turn with the media first and the text after them. */
export function messagesFor(prompt: Prompt, prompting: Prompting): Chat {
  return { messages: chatMessages(prompt, systemMessage(prompting)), templateHash: templateHash(prompting) };
}

/** The turn that is the same for all prompts. */
export function systemMessage(prompting: Prompting): ChatMessage {
  return { role: 'system', content: [{ type: 'text', text: systemPrompt(prompting) }] };
}

/** The messages alone, for many prompts: the hash of the template and the system turn are the same for all. */
export function chatMessages(prompt: Prompt, system: ChatMessage): readonly ChatMessage[] {
  const media = prompt.media.map(({ kind }): ChatPart => ({ type: kind }));
  return [system, { role: 'user', content: [...media, { type: 'text', text: userText(prompt) }] }];
}

/** Question, lettered options, and how to write the answer. */
export function userText({
  question,
  options = [],
  problemType,
}: Pick<Prompt, 'question' | 'options' | 'problemType'>): string {
  const lines = options.map((option, index) => `${optionLetter(index)}. ${option}`);
  return [question, ...lines, ANSWER_SUFFIXES[problemType]].join('\n');
}

function optionLetter(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
