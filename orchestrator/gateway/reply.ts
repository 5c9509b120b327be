import type { Outcome } from './auto-think.js';
import type { ChatRequest, Policy } from './request.js';

/** What stays the same over all chunks of one reply. */
export interface ReplyHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

/** The extension field `vauto`: what was decided, and on what grounds. */
export interface Decided {
  readonly policy: Policy;
  /** Null when the policy has none. */
  readonly threshold: number | null;
  readonly outcome: Outcome;
  /** What an early exit saved: the mean of what recent completions generated behind their first answer; null before any. */
  readonly savedTokens: number | null;
}

/** A reply in one piece. */
export function completion(head: ReplyHead, request: ChatRequest, decided: Decided, text: string, reasoning: string) {
  return {
    ...head,
    object: 'chat.completion' as const,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant' as const,
          content: contentOf(request, decided.outcome, text),
          refusal: null,
          ...(request.reasoning ? { reasoning_content: reasoning } : {}),
        },
        logprobs: null,
        finish_reason: decided.outcome.finish,
      },
    ],
    usage: usageOf(decided.outcome),
    vauto: vautoField(decided),
  };
}

export type Delta = { role?: 'assistant'; content?: string; reasoning_content?: string };

/** One chunk of a streamed reply. */
export function chunk(head: ReplyHead, delta: Delta, finish: Outcome['finish'] | null = null) {
  return {
    ...head,
    object: 'chat.completion.chunk' as const,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}

/** The chunk that ends a reply carries what was decided. */
export function lastChunk(head: ReplyHead, decided: Decided) {
  return { ...chunk(head, {}, decided.outcome.finish), vauto: vautoField(decided) };
}

/** As `stream_options.include_usage` asks for it: behind the last chunk, without a choice. */
export function usageChunk(head: ReplyHead, outcome: Outcome) {
  return { ...head, object: 'chat.completion.chunk' as const, choices: [], usage: usageOf(outcome) };
}

/** What the client gets to read. */
export function contentOf({ output }: ChatRequest, outcome: Outcome, text: string): string {
  return output === 'text' ? text : outcome.answer;
}

function usageOf({ promptTokens, completionTokens, cachedTokens }: Outcome) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(cachedTokens === null ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
  };
}

function vautoField({ policy, threshold, outcome, savedTokens }: Decided) {
  return {
    policy,
    threshold,
    confidence: outcome.confidence,
    exited: outcome.exited,
    answer_from: outcome.from,
    mode: outcome.mode,
    saved_tokens: savedTokens,
  };
}
