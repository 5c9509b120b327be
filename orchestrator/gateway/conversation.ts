import { ANSWER_SUFFIXES } from '../prompting/index.js';
import type { Body, WireMessage } from '../rollout/openai/body.js';
import { ApiError } from './errors.js';
import { inlineMedium, type MediaRules } from './media.js';
import type { ChatRequest, Turn, TurnPart } from './request.js';

export interface Conversation {
  /** The text that the model was trained with; a client's own system text stands behind it. */
  readonly system: string;
  readonly media: MediaRules;
  /** Most images and videos of one request. */
  readonly maxMedia: number;
}

/** A client's request in the server's words, but for the model's name there. Throws ApiError for media that are not taken. */
export async function bodyOf(request: ChatRequest, conversation: Conversation, signal: AbortSignal): Promise<Body> {
  const { stop, ...sampling } = request.sampling;
  return {
    messages: await messagesOf(request.messages, conversation, signal),
    // As the threshold was chosen; whoever wants samples says so.
    temperature: 0,
    ...defined(sampling),
    ...(request.maxTokens === undefined ? {} : { max_tokens: request.maxTokens }),
    ...(stop === null || stop === undefined ? {} : { stop: [stop].flat() }),
    logprobs: true,
    top_logprobs: 0,
  };
}

export function countMedia(messages: readonly Turn[]): number {
  return messages.reduce((sum, { content }) => sum + partsOf(content).filter(({ type }) => type !== 'text').length, 0);
}

async function messagesOf(
  turns: readonly Turn[],
  conversation: Conversation,
  signal: AbortSignal,
): Promise<WireMessage[]> {
  const count = countMedia(turns);
  if (count > conversation.maxMedia) {
    const message = `the request has ${count} images and videos, more than ${conversation.maxMedia}`;
    throw new ApiError(400, 'too_many_media', message, { param: 'messages' });
  }
  const isSystem = ({ role }: Turn) => role === 'system' || role === 'developer';
  const system = [conversation.system, ...turns.filter(isSystem).map(({ content }) => textOf(content))].join('\n\n');
  const lastUser = turns.findLastIndex(({ role }) => role === 'user');
  if (lastUser < 0)
    throw new ApiError(400, 'invalid_request', 'messages: a turn of the user is needed', { param: 'messages' });
  const said = await Promise.all(
    turns.map(async (turn, index): Promise<WireMessage[]> => {
      if (isSystem(turn)) return [];
      const role = turn.role === 'assistant' ? 'assistant' : 'user';
      const parts = index === lastUser ? withSuffix(partsOf(turn.content)) : partsOf(turn.content);
      const wired = await Promise.all(
        parts.map((part, place) => wirePart(part, `messages[${index}].content[${place}]`, conversation, signal)),
      );
      const text = wired.every((part) => part.type === 'text') ? wired.map((part) => part.text).join('') : undefined;
      return [{ role, content: text ?? wired }];
    }),
  );
  return [{ role: 'system', content: system }, ...said.flat()];
}

/** Models are trained with a last line that asks for a box; a client that asks for one in its own words is left alone. */
function withSuffix(parts: readonly TurnPart[]): readonly TurnPart[] {
  if (parts.some((part) => part.type === 'text' && part.text.includes('\\boxed'))) return parts;
  const last = parts.findLastIndex(({ type }) => type === 'text');
  const suffix = ANSWER_SUFFIXES.exact_match;
  if (last < 0) return [...parts, { type: 'text', text: suffix }];
  return parts.map((part, index) =>
    index === last && part.type === 'text' ? { ...part, text: `${part.text.trimEnd()}\n${suffix}` } : part,
  );
}

async function wirePart(part: TurnPart, param: string, { media }: Conversation, signal: AbortSignal) {
  switch (part.type) {
    case 'text':
      return part;
    case 'image_url': {
      const url = await inlineMedium(part.image_url.url, 'image', `${param}.image_url.url`, media, signal);
      return { type: part.type, image_url: { url } };
    }
    case 'video_url': {
      const url = await inlineMedium(part.video_url.url, 'video', `${param}.video_url.url`, media, signal);
      return { type: part.type, video_url: { url } };
    }
  }
}

function partsOf(content: Turn['content']): readonly TurnPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function textOf(content: Turn['content']): string {
  return partsOf(content)
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('');
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<T>;
}
