import { setMaxListeners } from 'node:events';
import type { z } from 'zod';
import type { Body } from './body.js';
import { CutShort, connectionError, parseJson, RequestFault, refusalError, Transient } from './faults.js';
import { type HttpReply, type HttpTarget, readAll, SilenceError, send } from './http.js';
import { type RetryPolicy, withRetries } from './retry.js';
import { EventReader } from './sse.js';
import { notAServer, splitsText } from './user-errors.js';
import { chunkSchema, errorSchema, type Piece, replySchema, toPiece } from './wire.js';

/** One completion's way through the client. */
export interface Call {
  readonly signal: AbortSignal;
  /** Of the waits between attempts. */
  readonly seed: number;
  readonly hasMedia: boolean;
}

/** Talks to one server; attempts are repeated until the first token, never after it. */
export interface Client {
  /** A document of the server; undefined when it has none under that path. */
  get<T extends z.ZodType>(path: string, schema: T, signal: AbortSignal): Promise<z.output<T> | undefined>;
  /** A completion in one piece. */
  complete(body: Body, call: Call): Promise<Piece>;
  /** A completion while it is made; each item holds what came together. Leaving the loop ends the request on the server. */
  stream(body: Body, call: Call): AsyncGenerator<readonly Piece[]>;
}

const COMPLETIONS = '/v1/chat/completions';

export function createClient(target: HttpTarget, policy: RetryPolicy): Client {
  return {
    async get(path, schema, signal) {
      return withRetries(policy, 0, signal, async () => {
        const reply = await reach(() => send(target, path, undefined, signal), signal);
        const text = await reach(() => readAll(reply), signal);
        if (reply.status === 404) return undefined;
        if (reply.status !== 200) throw refusalError({ ...reply, text, hasMedia: false });
        const found = schema.safeParse(parseJson(text));
        if (!found.success) throw notAServer(target.base + path);
        return found.data;
      });
    },

    complete: (body, call) =>
      withRetries(policy, call.seed, call.signal, async () => {
        const reply = await post(target, body, call);
        const found = replySchema.safeParse(parseJson(await reach(() => readAll(reply), call.signal)));
        if (!found.success) throw noCompletion();
        return whole(toPiece(found.data));
      }),

    async *stream(body, call) {
      const left = new AbortController();
      const signal = either(call.signal, left.signal);
      let tokens: number | undefined;
      let ended = false;
      try {
        const { first, rest } = await withRetries(policy, call.seed, signal, async () => {
          const asked = {
            ...body,
            stream: true,
            stream_options: { include_usage: true, continuous_usage_stats: true },
          };
          const pieces = piecesOf(await post(target, asked, { ...call, signal }), call, signal);
          return { first: await untilFirstToken(pieces), rest: pieces };
        });
        tokens = countTokens(first);
        yield first;
        for await (const pieces of rest) {
          tokens += countTokens(pieces);
          yield pieces;
        }
        ended = true;
      } catch (error) {
        throw error instanceof Transient && tokens !== undefined
          ? new CutShort('engine', `the stream was cut after ${tokens} tokens: ${error.message}`)
          : error;
      } finally {
        if (!ended) left.abort();
      }
    },
  };
}

/** Sends a completion request. What leaves less room than its limit is asked without one: then the room is the limit. */
async function post(target: HttpTarget, body: Body, call: Call): Promise<HttpReply> {
  const reply = await reach(() => send(target, COMPLETIONS, body, call.signal), call.signal);
  if (reply.status === 200) return reply;
  const text = await reach(() => readAll(reply), call.signal);
  const error = refusalError({ ...reply, text, hasMedia: call.hasMedia });
  if (body.max_tokens === undefined || !(error instanceof RequestFault) || error.code !== 'too-long') throw error;
  return post(target, { ...body, max_tokens: undefined }, call);
}

/** The pieces of a streamed reply, those of one network packet together. */
async function* piecesOf(reply: HttpReply, call: Call, signal: AbortSignal): AsyncGenerator<Piece[], undefined> {
  const reader = new EventReader();
  const packets = reply.body[Symbol.asyncIterator]();
  for (;;) {
    const packet = await reach(() => packets.next(), signal);
    if (packet.done) return undefined;
    const pieces = reader.push(packet.value).flatMap((data) => (data === '[DONE]' ? [] : [readEvent(data, call)]));
    if (pieces.length > 0) yield pieces;
  }
}

/** What comes up to the first token: until then, the request may be sent again. */
async function untilFirstToken(pieces: AsyncGenerator<Piece[], undefined>): Promise<Piece[]> {
  const found: Piece[] = [];
  while (!found.some(({ text, tokens, finish }) => text !== '' || tokens.length > 0 || finish !== undefined)) {
    const next = await pieces.next();
    if (next.done) throw new Transient('the stream ended before the first token', 'broken');
    found.push(...next.value);
  }
  return found;
}

function countTokens(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { tokens }) => sum + tokens.length, 0);
}

function readEvent(data: string, { hasMedia }: Call): Piece {
  const event = parseJson(data);
  const refused = errorSchema.safeParse(event).data?.error;
  if (refused !== undefined) throw refusalError({ status: Number(refused.code) || 500, text: data, hasMedia });
  const found = chunkSchema.safeParse(event);
  if (!found.success) throw noCompletion();
  return whole(toPiece(found.data));
}

/** The piece; an error of the user's when the server takes the thinking out of the text. */
function whole(piece: Piece): Piece {
  if (piece.split) throw splitsText();
  return piece;
}

function noCompletion(): RequestFault {
  return new RequestFault('engine', 'what the server sent is no chat completion');
}

/** Runs a step of the transport, with its failures in this folder's terms. */
async function reach<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await step();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof SilenceError ? new CutShort('engine', error.message) : connectionError(error);
  }
}

function either(a: AbortSignal, b: AbortSignal): AbortSignal {
  const signal = AbortSignal.any([a, b]);
  setMaxListeners(0, a, signal);
  return signal;
}
