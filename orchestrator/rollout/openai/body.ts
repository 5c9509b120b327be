import type { ChatMessage, ChatPart, RolloutRequest } from '../engine.js';
import { RequestFault } from './faults.js';
import { type MediaPart, type MediaUrls, mediaPart } from './media.js';

type WirePart = Extract<ChatPart, { type: 'text' }> | MediaPart;

export interface WireMessage {
  readonly role: ChatMessage['role'];
  readonly content: string | readonly WirePart[];
}

/** Body of `/v1/chat/completions`, as far as vauto changes it from request to request. */
export interface Body extends Readonly<Record<string, unknown>> {
  readonly messages: readonly WireMessage[];
  readonly max_tokens?: number | undefined;
  readonly stop?: readonly string[];
}

/** A request in the server's words. Throws RequestFault for media that cannot be sent. */
export async function bodyOf(request: RolloutRequest, model: string, mediaUrls: MediaUrls): Promise<Body> {
  const { temperature, topP, topK, maxTokens, stop } = request.sampling;
  return {
    model,
    messages: await wireMessages(request, mediaUrls),
    temperature,
    top_p: topP,
    top_k: topK,
    max_tokens: maxTokens,
    seed: request.seed,
    stop: [...stop],
    include_stop_str_in_output: true,
    // Left out, these would come from the generation_config.json of the model, and the recipe would not know.
    min_p: 0,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    logprobs: true,
    top_logprobs: 0,
    return_token_ids: true,
  };
}

async function wireMessages({ messages, media }: RolloutRequest, urls: MediaUrls): Promise<WireMessage[]> {
  const kinds = messages.flatMap(({ content }) =>
    content.filter(({ type }) => type !== 'text').map(({ type }) => type),
  );
  if (kinds.join() !== media.map(({ kind }) => kind).join())
    throw new RequestFault('media', `messages have the parts [${kinds}], media are [${media.map(({ kind }) => kind)}]`);
  const parts = await Promise.all(media.map((medium) => mediaPart(medium, urls)));
  return messages.map(({ role, content }) => ({ role, content: wireContent(content, parts) }));
}

/** Takes the media that it needs off `parts`. A turn of text alone becomes a string, which every chat template takes. */
function wireContent(content: readonly ChatPart[], parts: MediaPart[]): WireMessage['content'] {
  const wired = content.flatMap((part): WirePart[] => (part.type === 'text' ? [part] : parts.splice(0, 1)));
  return wired.every((part) => part.type === 'text') ? wired.map((part) => part.text).join('') : wired;
}
