import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messagesFor } from '../prompting/index.js';
import type { Prompt, PromptSet } from '../records/index.js';

type Prompting = Parameters<typeof messagesFor>[1];

/**
 * Writes what the trainer reads: a JSON line per prompt with `id`, `messages` and `media` (snake_case, as on the wire).
 * Gold answers stay out of it: grading happens here, the trainer only asks for rewards. Resolves with the file's path.
 */
export async function writePromptsFile(file: string, prompts: PromptSet, prompting: Prompting): Promise<string> {
  await pipeline(Readable.from(linesOf(prompts, prompting)), createWriteStream(file));
  return file;
}

function* linesOf(prompts: PromptSet, prompting: Prompting): Generator<string> {
  for (const prompt of prompts) yield `${JSON.stringify(promptRow(prompt, prompting))}\n`;
}

function promptRow(prompt: Prompt, prompting: Prompting) {
  return { id: prompt.id, messages: messagesFor(prompt, prompting).messages, media: prompt.media };
}
