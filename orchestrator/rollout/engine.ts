import type { Media, Rollout, Sampling } from '../records/index.js';

/** One chat turn; a part of type image or video stands for the next entry of the request's media. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: readonly ChatPart[];
}
export type ChatPart = { readonly type: 'text'; readonly text: string } | { readonly type: 'image' | 'video' };

/** One completion to generate. Identity is (prompt, index, seed, sampling, weights): see `requestKey`. */
export interface RolloutRequest {
  readonly promptId: string;
  readonly index: number;
  readonly seed: number;
  readonly messages: readonly ChatMessage[];
  readonly media: readonly Media[];
  readonly sampling: Sampling;
  /** With it, a completion ends at its first answer when its confidence is at least `threshold` (τ). */
  readonly exit?: { readonly threshold: number } | undefined;
  /** Tokens of thinking after which the second answer is asked for; only inside vLLM. */
  readonly thinkBudget?: number | undefined;
  /** What the completion is made to begin with; only inside vLLM, without `exit` and `thinkBudget`. */
  readonly begin?: Beginning | undefined;
}

/** The text is part of the completion and of its token limit; its tokens' log-probs are those of the choice. */
export interface Beginning {
  readonly text: string;
  /** With which it was chosen: 1 where every completion of its kind begins so. */
  readonly probability: number;
}

/** What the engine is, recorded with every result and part of every key. */
export interface EngineInfo {
  readonly engine: string;
  readonly version: string;
  /** Hash of the weights in use. */
  readonly weights: string;
  /** Versions of the libraries that decide the output (torch, transformers, av). */
  readonly libraries: Readonly<Record<string, string>>;
  readonly device: string;
  /** Seconds for importing the engine's library and for bringing the engine up after it. */
  readonly importSeconds: number;
  readonly loadSeconds: number;
}

/** A prompt that the engine could not take (broken video, too long), with its reason: data, not an exception. */
export interface RolloutFailure {
  readonly promptId: string;
  readonly index: number;
  readonly code: 'media' | 'too-long' | 'poisoned' | 'engine';
  readonly message: string;
}

export interface GenerateOptions {
  /** Called once per request, as each finishes. */
  readonly onResult: (result: Rollout | RolloutFailure) => void;
  /** Called with the number of requests that have to be sent again because a process was lost. */
  readonly onRetry?: (requests: number) => void;
  /** Called with what is being waited for, in words. */
  readonly onNote?: (message: string) => void;
  /** Media that the next call will probably ask for: an engine that decodes itself may do it meanwhile. */
  readonly following?: () => readonly Media[];
  readonly signal?: AbortSignal;
}

/** A prompt with a completion's tokens, to be scored by engine and trainer alike. */
export interface InspectSample {
  readonly messages: readonly ChatMessage[];
  readonly media: readonly Media[];
  readonly tokenIds: readonly number[];
}

/** What a model is given of one image or video. */
export interface MediumView {
  readonly kind: 'image' | 'video';
  /** Seconds a temporal patch; null for a model that is told none. */
  readonly seconds: number | null;
  /** A digest of each frame's pixels; empty where the engine keeps them too coarsely. */
  readonly frames: readonly string[];
  /** Temporal position of each temporal patch, and of the token behind the medium. */
  readonly times: readonly number[];
  readonly next: number | null;
}

/** How a sample looks from inside one of them: prompt ids, patch grids of its media, log-probs of the given tokens. */
export interface InspectItem {
  readonly promptTokenIds: readonly number[];
  /** [time, height, width] in patches, one per image or video. */
  readonly visualGrid: readonly (readonly number[])[];
  readonly media: readonly MediumView[];
  readonly logprobs: readonly number[];
  /** Parts of the engine that are not those of its present weights (`output head`, `visual embeddings`). */
  readonly stale: readonly string[];
}

/** Produces completions. One unit (a fixed batch) per call; streams results as they finish. */
export interface RolloutEngine {
  info(): Promise<EngineInfo>;
  generate(requests: readonly RolloutRequest[], options: GenerateOptions): Promise<void>;
  /** Scores given tokens, for the parity gate. */
  inspect(samples: readonly InspectSample[]): Promise<InspectItem[]>;
  /** Puts new weights into the running engine and empties its caches; resolves with the new info. */
  loadWeights(folder: string): Promise<EngineInfo>;
  /** Gives its device's memory away until it is called again; only of an engine that shares it with a trainer. */
  sleep?(): Promise<void>;
  close(): Promise<void>;
}

export function isFailure(result: Rollout | RolloutFailure): result is RolloutFailure {
  return 'code' in result;
}
