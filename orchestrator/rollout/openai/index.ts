import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import type { Rollout } from '../../records/index.js';
import type { RolloutEngine, RolloutFailure, RolloutRequest } from '../engine.js';
import { bodyOf } from './body.js';
import { type Call, createClient } from './client.js';
import { RequestFault, Transient } from './faults.js';
import { exitInStream, type Generated, generateStreamed, generateWhole } from './generate.js';
import { createTarget } from './http.js';
import type { MediaUrls } from './media.js';
import { createReconnect, type Persistence } from './reconnect.js';
import { toRollout } from './reply.js';
import { RETRY, type RetryPolicy } from './retry.js';
import { meetServer, type Server } from './server.js';
import { exitBetweenRequests } from './two-requests.js';
import { cannot, keyMissing, noLogprobs, unreachable } from './user-errors.js';

export type { MediaUrls } from './media.js';

export interface OpenAiEngineOptions {
  /** Address of the server; a trailing `/v1` may be there. */
  readonly url: string;
  /** Served name; default the first that the server lists. */
  readonly model?: string | undefined;
  /** Environment variable that holds the key. */
  readonly apiKeyEnv?: string | undefined;
  /** Requests under way at a time; default 64. */
  readonly concurrency?: number | undefined;
  /** How images and videos reach the server; default data. */
  readonly mediaUrls?: MediaUrls | undefined;
  /** How early exits are decided; default as the server allows. */
  readonly exitMode?: 'stream' | 'two-requests' | undefined;
  /** Milliseconds without a byte from the server after which a request has failed; default 10 minutes. */
  readonly requestTimeoutMs?: number | undefined;
  /** Seconds that the server may be gone once it has answered, before the batch stops; default 10 minutes. */
  readonly patience?: number | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly onLog?: (line: string) => void;
}

export const DEFAULT_CONCURRENCY = 64;
const SILENCE_MS = 600_000;
const PATIENCE = 600;

/**
 * A server that somebody else started: any vLLM (or what speaks as it does) behind `/v1/chat/completions`. It keeps its weights,
 * and it decodes the media; so it can evaluate and filter, and cannot train. A request that it refuses is a failure of its own;
 * what would fail every request (no connection, no such model) stops the batch. A server that goes away in the middle is waited for.
 */
export function createOpenAiEngine(options: OpenAiEngineOptions): RolloutEngine {
  const base = options.url.replace(/\/+$/, '').replace(/\/v1$/, '');
  const target = createTarget(base, {
    apiKey: apiKey(options.apiKeyEnv),
    silenceMs: options.requestTimeoutMs ?? SILENCE_MS,
  });
  const policy = options.retry ?? RETRY;
  const client = createClient(target, { ...policy, onlyBusy: true });
  const queue = new PQueue({ concurrency: options.concurrency ?? DEFAULT_CONCURRENCY });
  const closed = new AbortController();
  setMaxListeners(0, closed.signal);
  let server: Server | undefined;
  const withServer = createReconnect(
    {
      base,
      patienceMs: (options.patience ?? PATIENCE) * 1000,
      look: (signal) => meetServer(createClient(target, { ...policy, attempts: 1 }), base, options.model, signal),
      onLog: options.onLog ?? (() => {}),
    },
    closed.signal,
  );

  async function meet(signal: AbortSignal): Promise<Server> {
    if (server !== undefined) return server;
    server = await meetServer(createClient(target, policy), base, options.model, signal).catch((error: unknown) => {
      throw batchError(error, base);
    });
    const { info, model, maxModelLen = 'an unknown number of', logprobs } = server;
    const exit = exitMode(server, options.exitMode) ?? 'impossible';
    options.onLog?.(
      `${info.version} at ${base}: model ${model}, ${maxModelLen} tokens at most, log-probs ${logprobs}, early exit ${exit}; frames of videos are chosen by the server`,
    );
    return server;
  }

  async function complete(request: RolloutRequest, { model, logprobs, info }: Server, signal: AbortSignal) {
    if (request.begin !== undefined) throw cannot('make a completion begin with a given text');
    const call: Call = { signal, seed: request.seed, hasMedia: request.media.length > 0 };
    const body = await bodyOf(request, model, options.mediaUrls ?? 'data');
    const mode = request.exit && exitMode({ logprobs }, options.exitMode);
    let made: Generated;
    if (request.exit === undefined)
      made = await (logprobs === 'stream' ? generateStreamed : generateWhole)(client, body, call);
    else if (mode === undefined) throw noLogprobs(base);
    else
      made = await (mode === 'stream' ? exitInStream : exitBetweenRequests)(client, body, call, request.exit.threshold);
    const rollout = toRollout(request, info, made.reply, made.exit?.exited ?? false);
    return made.exit === undefined ? rollout : { ...rollout, exit: made.exit };
  }

  /** The result of one request; throws only what concerns the whole batch. */
  async function settle(request: RolloutRequest, call: Persistence): Promise<Rollout | RolloutFailure> {
    try {
      return await withServer(call, () => complete(request, call.server, call.signal));
    } catch (error) {
      call.signal.throwIfAborted();
      const fault = requestFault(batchError(error, base));
      return { promptId: request.promptId, index: request.index, code: fault.code, message: fault.message };
    }
  }

  return {
    info: async () => (await meet(closed.signal)).info,
    async generate(requests, { onResult, onRetry, onNote, signal }) {
      signal?.throwIfAborted();
      const given = signal === undefined ? [closed.signal] : [closed.signal, signal];
      const stop = new AbortController();
      const any = AbortSignal.any([stop.signal, ...given]);
      setMaxListeners(0, any);
      const call: Persistence = {
        server: await meet(any),
        signal: any,
        onNote: (message) => onNote?.(message),
        onRetry: () => onRetry?.(1),
      };
      const tasks = requests.map((request) =>
        queue.add(async () => {
          any.throwIfAborted();
          try {
            onResult(await settle(request, call));
          } catch (error) {
            // One error of the batch ends all its requests, on the server too.
            stop.abort(error);
            throw error;
          }
        }),
      );
      await Promise.allSettled(tasks);
      any.throwIfAborted();
    },
    inspect: () => Promise.reject(cannot('score given tokens')),
    loadWeights: () => Promise.reject(cannot('take other weights')),
    async close() {
      closed.abort(new Error('the engine was closed'));
      await queue.onIdle();
      target.agent.destroy();
    },
  };
}

function apiKey(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const key = process.env[variable];
  if (key) return key;
  throw keyMissing(variable);
}

function exitMode({ logprobs }: Pick<Server, 'logprobs'>, forced: OpenAiEngineOptions['exitMode']) {
  if (logprobs === 'none') return undefined;
  return forced ?? (logprobs === 'stream' ? 'stream' : 'two-requests');
}

/** What an error means for the batch: attempts that never reached the server concern all its requests. */
function batchError(error: unknown, base: string): unknown {
  return error instanceof Transient && error.unreachable ? unreachable(base, error) : error;
}

/** The failure of one request; throws what is none. */
function requestFault(error: unknown): RequestFault {
  if (error instanceof RequestFault) return error;
  if (error instanceof Transient)
    return new RequestFault('engine', `given up after several attempts: ${error.message}`);
  throw error;
}
