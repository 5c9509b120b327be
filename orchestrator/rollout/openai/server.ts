import type { EngineInfo } from '../engine.js';
import type { Body } from './body.js';
import type { Call, Client } from './client.js';
import { RequestFault, Transient } from './faults.js';
import { joinPieces } from './reply.js';
import { notServed, refusesAll } from './user-errors.js';
import { modelsSchema, type Piece, versionSchema } from './wire.js';

/** What a server says of itself, and what a first small request showed. */
export interface Server {
  readonly model: string;
  /** Tokens of prompt and completion together; undefined where the server does not tell. */
  readonly maxModelLen: number | undefined;
  /** Where log-probs come: token by token in a stream, only with a whole reply, or not at all. */
  readonly logprobs: 'stream' | 'reply' | 'none';
  readonly info: EngineInfo;
}

/** Asks the server who it is. `name`: the served model; by default the first of its list. */
export async function meetServer(
  client: Client,
  base: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<Server> {
  const version = await client.get('/version', versionSchema, signal);
  const models = await client.get('/v1/models', modelsSchema, signal);
  const names = (models?.data ?? []).map(({ id }) => id);
  const served = models?.data.find(({ id }) => name === undefined || id === name);
  if (served === undefined) throw notServed(base, name, names);
  const { logprobs, tokenIds } = await probe(client, served.id, { signal, seed: 0, hasMedia: false }).catch(
    (error: unknown) => {
      throw error instanceof RequestFault || (error instanceof Transient && !error.unreachable)
        ? refusesAll(base, error)
        : error;
    },
  );
  const info: EngineInfo = {
    engine: 'openai',
    version: version === undefined ? 'unknown' : `vllm ${version.version}`,
    // The server tells no hash: what it calls the weights must do.
    weights: served.root && served.root !== served.id ? `${served.id} (${served.root})` : served.id,
    // Which frames of a video the model sees is decided by the server's libraries and its settings.
    libraries: { frames: 'server', logprobs, tokenIds: tokenIds ? 'server' : 'none' },
    device: base,
    importSeconds: 0,
    loadSeconds: 0,
  };
  return { model: served.id, maxModelLen: served.max_model_len ?? undefined, logprobs, info };
}

/** A request of two tokens, streamed and, where that shows no log-probs, whole. */
async function probe(client: Client, model: string, call: Call) {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  const body: Body = {
    model,
    messages,
    max_tokens: 2,
    temperature: 0,
    logprobs: true,
    top_logprobs: 0,
    return_token_ids: true,
  };
  const pieces: Piece[] = [];
  for await (const batch of client.stream(body, call)) pieces.push(...batch);
  const streamed = joinPieces(pieces);
  if (streamed.tokens.length > 0) return { logprobs: 'stream', tokenIds: streamed.tokenIds.length > 0 } as const;
  const whole = joinPieces([await client.complete(body, call)]);
  return { logprobs: whole.tokens.length > 0 ? 'reply' : 'none', tokenIds: whole.tokenIds.length > 0 } as const;
}
