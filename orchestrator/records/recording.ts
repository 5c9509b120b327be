import { z } from 'zod';
import { exitSchema, finishReasons, type Rollout } from './rollout.js';

/** A rollout as people share it: one line of JSON Lines, written by `vauto runs export`, read by `engine.kind: replay`. */
export const recordingSchema = z.object({
  /** Stage and pass that made it. */
  stage: z.string(),
  set: z.string(),
  pass: z.string(),
  prompt_id: z.string().min(1),
  index: z.int().min(0),
  seed: z.int(),
  key: z.string(),
  text: z.string(),
  token_ids: z.array(z.int().min(0)),
  logprobs: z.array(z.number()),
  token_ends: z.array(z.int().min(0)),
  finish_reason: z.enum(finishReasons),
  prompt_tokens: z.int().min(0),
  cached_tokens: z.int().min(0),
  /** Tokens at the beginning that were given, not sampled. */
  forced: z.int().min(1).optional(),
  exit: exitSchema.optional(),
});
export type Recording = z.infer<typeof recordingSchema>;

export function toRecording(place: Pick<Recording, 'stage' | 'set' | 'pass'>, rollout: Rollout): Recording {
  return {
    ...{ stage: place.stage, set: place.set, pass: place.pass },
    ...{ prompt_id: rollout.promptId, index: rollout.index, seed: rollout.seed, key: rollout.key, text: rollout.text },
    ...{ token_ids: rollout.tokenIds, logprobs: rollout.logprobs, token_ends: rollout.tokenEnds },
    ...{ finish_reason: rollout.finishReason, prompt_tokens: rollout.promptTokens },
    cached_tokens: rollout.cachedTokens,
    ...(rollout.forced === undefined ? {} : { forced: rollout.forced }),
    ...(rollout.exit === undefined ? {} : { exit: rollout.exit }),
  };
}

export function fromRecording(row: Recording): Rollout {
  return {
    key: row.key,
    promptId: row.prompt_id,
    index: row.index,
    seed: row.seed,
    text: row.text,
    tokenIds: row.token_ids,
    logprobs: row.logprobs,
    tokenEnds: row.token_ends,
    finishReason: row.finish_reason,
    promptTokens: row.prompt_tokens,
    cachedTokens: row.cached_tokens,
    ...(row.forced === undefined ? {} : { forced: row.forced }),
    ...(row.exit === undefined ? {} : { exit: row.exit }),
  };
}
