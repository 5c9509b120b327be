import { z } from 'zod';

/** What of a chat completion vauto reads; fields that OpenAI does not know are vLLM's. */
const tokenSchema = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int().min(0).max(255)).nullish(),
});

const usageSchema = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int().nullish(),
  /** Only with `--enable-prompt-tokens-details`. */
  prompt_tokens_details: z.object({ cached_tokens: z.int().nullish() }).nullish(),
});

const choiceSchema = z.object({
  logprobs: z.object({ content: z.array(tokenSchema).nullish() }).nullish(),
  finish_reason: z.string().nullish(),
  /** The stop text that ended it; null for the end token. */
  stop_reason: z.union([z.string(), z.number()]).nullish(),
  token_ids: z.array(z.int()).nullish(),
});

const messageSchema = z.object({
  content: z.string().nullish(),
  /** What a server with a reasoning parser takes out of the text. */
  reasoning: z.string().nullish(),
  reasoning_content: z.string().nullish(),
});

const envelope = { usage: usageSchema.nullish(), prompt_token_ids: z.array(z.int()).nullish() };

export const replySchema = z.object({ ...envelope, choices: z.array(choiceSchema.extend({ message: messageSchema })) });
export const chunkSchema = z.object({ ...envelope, choices: z.array(choiceSchema.extend({ delta: messageSchema })) });
export const errorSchema = z.object({
  error: z.object({ message: z.string(), code: z.union([z.int(), z.string()]).nullish() }),
});
export const modelsSchema = z.object({
  data: z.array(z.object({ id: z.string(), root: z.string().nullish(), max_model_len: z.int().nullish() })).min(1),
});
export const versionSchema = z.object({ version: z.string() });

export type WireToken = z.infer<typeof tokenSchema>;
export type Usage = z.infer<typeof usageSchema>;

/** A stretch of a completion, be it one event of a stream or a whole reply. */
export interface Piece {
  readonly text: string;
  readonly tokens: readonly WireToken[];
  readonly tokenIds: readonly number[];
  readonly finish: string | undefined;
  readonly stopReason: string | undefined;
  readonly usage: Usage | undefined;
  readonly promptTokens: number | undefined;
  /** The server has moved a part of the text elsewhere. */
  readonly split: boolean;
}

/** A piece of either form. */
export function toPiece(from: z.infer<typeof replySchema> | z.infer<typeof chunkSchema>): Piece {
  const choice = from.choices[0];
  const message = choice === undefined ? undefined : 'delta' in choice ? choice.delta : choice.message;
  return {
    text: message?.content ?? '',
    tokens: choice?.logprobs?.content ?? [],
    tokenIds: choice?.token_ids ?? [],
    finish: choice?.finish_reason ?? undefined,
    stopReason:
      choice?.stop_reason === undefined || choice.stop_reason === null ? undefined : String(choice.stop_reason),
    usage: from.usage ?? undefined,
    promptTokens: from.usage?.prompt_tokens ?? from.prompt_token_ids?.length,
    split: Boolean(message?.reasoning || message?.reasoning_content),
  };
}
