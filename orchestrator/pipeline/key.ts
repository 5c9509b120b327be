import { createHash } from 'node:crypto';
import type { Prompt } from '../records/index.js';
import { deriveSeed } from '../statistics/index.js';

/** JSON with sorted keys and no undefined values: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Key of a stage: content hash of everything its result depends on (design: keys). */
export function contentKey(parts: unknown): string {
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}

/** A prompt as far as it decides results: all of it but where its media lie on this machine. */
export function promptIdentity(prompt: Prompt): unknown {
  return { ...prompt, media: prompt.media.map(({ path: _path, ...rest }) => rest) };
}

/** `contentKey` of the list of all prompts' identities, without the list. */
export function promptsKey(prompts: Iterable<Prompt>): string {
  const digest = createHash('sha256').update('[');
  let first = true;
  for (const prompt of prompts) {
    digest.update(`${first ? '' : ','}${canonicalJson(promptIdentity(prompt))}`);
    first = false;
  }
  return digest.update(']').digest('hex');
}

/** Seed of one rollout: it belongs to (run seed, pass, prompt, index), never to a batch position. 31 bits. */
export function rolloutSeed(seed: number, pass: string, promptId: string, index: number): number {
  return deriveSeed(seed, pass, promptId, index);
}
