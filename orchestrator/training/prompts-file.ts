import { writeFile } from 'node:fs/promises';
import { messagesFor } from '../prompting/index.js';
import type { Prompt } from '../records/index.js';

type Prompting = Parameters<typeof messagesFor>[1];

/**
 * Writes what the trainer reads: a JSON line per prompt with `id`, `messages` and `media` (snake_case, as on the wire).
 * Gold answers stay out of it: grading happens here, the trainer only asks for rewards. Resolves with the file's path.
 */
export async function writePromptsFile(
  file: string,
  prompts: readonly Prompt[],
  prompting: Prompting,
): Promise<string> {
  const lines = prompts.map((prompt) => `${JSON.stringify(promptRow(prompt, prompting))}\n`);
  await writeFile(file, lines.join(''), 'utf8');
  return file;
}

function promptRow(prompt: Prompt, prompting: Prompting) {
  return { id: prompt.id, messages: messagesFor(prompt, prompting).messages, media: prompt.media };
}
