import { UserError } from '../errors.js';
import { RequestFault, Transient } from '../rollout/openai/faults.js';
import { autoThink, type Outcome, type ThinkEvent } from './auto-think.js';
import { bodyOf, type Conversation, countMedia } from './conversation.js';
import { ApiError } from './errors.js';
import type { ChatRequest, Policy } from './request.js';
import type { Pool, Upstream } from './upstream.js';

export interface Answering {
  readonly pool: Pool;
  readonly conversation: Conversation;
  readonly policy: Policy;
  readonly threshold: number;
}

/** The policy that a request is answered with: its own, or the gateway's. */
export function policyOf(request: ChatRequest, gateway: Pick<Answering, 'policy' | 'threshold'>) {
  return { policy: request.policy ?? gateway.policy, threshold: request.threshold ?? gateway.threshold };
}

/**
 * One request on one of the servers; on another one when the first went away or is busy before its first token. Throws ApiError;
 * leaving the loop ends the request on the server.
 */
export async function* answer(
  request: ChatRequest,
  gateway: Answering,
  signal: AbortSignal,
): AsyncGenerator<ThinkEvent, Outcome> {
  const { pool } = gateway;
  const failed = new Set<string>();
  // Media are read once, whatever becomes of the servers.
  const body = await bodyOf(request, gateway.conversation, signal);
  const hasMedia = countMedia(request.messages) > 0;
  for (;;) {
    const upstream = pool.pick(failed);
    const over = pool.began(upstream);
    try {
      return yield* autoThink(
        upstream.client,
        { ...body, model: upstream.model },
        { signal, seed: 0, hasMedia },
        optionsFor(request, gateway, upstream),
      );
    } catch (error) {
      signal.throwIfAborted();
      // Only before the first token: after it nothing can be said twice.
      if (!(error instanceof Transient)) throw apiError(error);
      if (error.unreachable) pool.lost(upstream);
      failed.add(upstream.url);
      if (failed.size === pool.states().length) throw apiError(error);
    } finally {
      over();
    }
  }
}

function optionsFor(request: ChatRequest, gateway: Answering, { exit, url }: Upstream) {
  const { policy, threshold } = policyOf(request, gateway);
  if (policy === 'auto' && exit === undefined)
    throw new ApiError(
      400,
      'no_logprobs',
      `${url} gives no log-probabilities, by which auto decides; ask for always or never`,
      {
        param: 'vauto.policy',
      },
    );
  return { policy, threshold, exit: exit ?? 'stream' };
}

/** What went wrong behind the gateway, as an answer to its client. */
export function apiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Transient) {
    if (error.unreachable)
      return new ApiError(503, 'no_upstream', `the model server went away: ${error.message}`, { retryAfter: 2 });
    return new ApiError(503, 'upstream_busy', `the model server is busy: ${error.message}`, {
      retryAfter: error.retryAfter ?? 2,
    });
  }
  if (error instanceof RequestFault) return ofRequest(error);
  if (error instanceof UserError && error.code === 'sampling')
    return new ApiError(400, 'invalid_request', error.message);
  if (error instanceof UserError) return new ApiError(502, 'upstream_error', error.message, { cause: error });
  return new ApiError(500, 'internal_error', 'something went wrong in the gateway; its log says what', {
    cause: error,
  });
}

function ofRequest({ code, status, message }: RequestFault): ApiError {
  if (code === 'too-long') return new ApiError(400, 'context_length_exceeded', message, { param: 'messages' });
  if (code === 'media') return new ApiError(400, 'invalid_media', message, { param: 'messages' });
  if (status !== undefined && status >= 400 && status < 500) return new ApiError(400, 'invalid_request', message);
  return new ApiError(502, 'upstream_error', message);
}
