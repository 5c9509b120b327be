import { z } from 'zod';

export const finishReasons = ['stop', 'length', 'exit', 'abort'] as const;
/** Why generation ended: end token, token limit, early exit at the first box, aborted by the caller. */
export type FinishReason = (typeof finishReasons)[number];

/** How tokens are drawn. Temperature 0 is greedy. */
export const samplingSchema = z.object({
  temperature: z.number().min(0),
  topP: z.number().gt(0).lte(1),
  /** 0 means no limit. */
  topK: z.number().int().min(0),
  maxTokens: z.number().int().min(1),
  /** Texts that end generation, kept in the completion. */
  stop: z.array(z.string()),
});
export type Sampling = z.infer<typeof samplingSchema>;

/** The likeliest token every time. */
export function greedy(maxTokens: number): Sampling {
  return { temperature: 0, topP: 1, topK: 0, maxTokens, stop: [] };
}

/** How the early exit of one completion was decided, and what the decision cost. */
export const exitSchema = z.object({
  /**
   * engine: inside vLLM, between two tokens; stream: here, while the tokens came, by breaking the connection off;
   * two-requests: here, between a request up to the first answer and one for the rest.
   */
  mode: z.enum(['engine', 'stream', 'two-requests']),
  exited: z.boolean(),
  /** Of the first answer; null where there is none (no box, the fallback, no log-probs). */
  confidence: z.number().nullable(),
  /** Tokens behind the first answer that were made and thrown away. */
  wastedTokens: z.number().int(),
  /** Of the second of two requests: its prompt, and how much of that came from the prefix cache (null: not told). */
  second: z.object({ promptTokens: z.number().int(), cachedTokens: z.number().int().nullable() }).optional(),
});
export type ExitRecord = z.infer<typeof exitSchema>;

/** One completion as the engine returned it. The three token lists have one length. */
export const rolloutSchema = z.object({
  /** Content key of the request (weights, prompt tokens, frames, sampling, seed, index). */
  key: z.string(),
  promptId: z.string(),
  /** Index in the group, from 0. */
  index: z.number().int().min(0),
  seed: z.number().int(),
  /** The completion, special tokens left out. */
  text: z.string(),
  tokenIds: z.array(z.number().int()),
  /** Natural-log probability of each sampled token. */
  logprobs: z.array(z.number()),
  /** End of each token in `text`, in UTF-16 code units; token i covers [ends[i-1] ?? 0, ends[i]). */
  tokenEnds: z.array(z.number().int()),
  finishReason: z.enum(finishReasons),
  promptTokens: z.number().int(),
  /** Prompt tokens served from the prefix cache. */
  cachedTokens: z.number().int(),
  /** Tokens at the beginning that were given, not sampled: the first has the log-prob of choosing them, the others 0. */
  forced: z.number().int().min(1).optional(),
  /** Only of a request that asked for the early exit. */
  exit: exitSchema.optional(),
});
export type Rollout = z.infer<typeof rolloutSchema>;
