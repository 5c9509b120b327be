import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { answer, apiError, policyOf } from './answer.js';
import type { Outcome, ThinkEvent } from './auto-think.js';
import { ApiError, errorBody, unknownModel } from './errors.js';
import type { Gateway } from './gateway.js';
import { chunk, completion, contentOf, type Decided, lastChunk, type ReplyHead, usageChunk } from './reply.js';
import { type ChatRequest, type Policy, parseRequest } from './request.js';

/** `/v1/chat/completions`: one request, answered whole or as a stream of events. */
export async function answerChat(gateway: Gateway, context: Context, body: unknown): Promise<Response> {
  const arrived = performance.now();
  const request = parseRequest(body);
  if (request.model !== gateway.name) throw unknownModel(request.model, gateway.name);
  const gone = new AbortController();
  // Node ends the request's signal when the client closes its connection.
  const { signal } = context.req.raw;
  const leave = () => gone.abort(new Error('the client went away'));
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  const turn = new Turn(gateway, request, arrived, gone);
  try {
    const leavePlace = await gateway.limits.enter(gone.signal);
    return await (request.stream ? turn.stream(context, leavePlace) : turn.whole(context, leavePlace));
  } catch (error) {
    throw turn.failed(error);
  }
}

/** One request on its way. */
class Turn {
  readonly #head: ReplyHead;
  readonly #policy: Policy;
  readonly #threshold: number;
  #sent = false;

  constructor(
    readonly gateway: Gateway,
    readonly request: ChatRequest,
    readonly arrived: number,
    readonly gone: AbortController,
  ) {
    this.#head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: gateway.name };
    const { policy, threshold } = policyOf(request, gateway);
    this.#policy = policy;
    this.#threshold = threshold;
  }

  async whole(context: Context, leavePlace: () => void): Promise<Response> {
    try {
      const events = this.#events();
      const said = { text: '', reasoning: '' };
      for (;;) {
        const next = await events.next();
        if (next.done) {
          const decided = this.#decided(next.value);
          this.#observeFirstByte();
          return context.json(completion(this.#head, this.request, decided, said.text, said.reasoning));
        }
        if (next.value.type !== 'started') said[next.value.type] += next.value.text;
      }
    } finally {
      leavePlace();
    }
  }

  async stream(context: Context, leavePlace: () => void): Promise<Response> {
    const events = this.#events();
    let begun: IteratorResult<ThinkEvent, Outcome>;
    try {
      // Until the first token there can be a status of its own.
      begun = await events.next();
    } catch (error) {
      leavePlace();
      throw error;
    }
    return streamSSE(context, async (out) => {
      const send = (value: unknown) => out.writeSSE({ data: JSON.stringify(value) });
      out.onAbort(() => this.gone.abort(new Error('the client went away')));
      try {
        await send(chunk(this.#head, { role: 'assistant', content: '' }));
        const decided = await this.#pass(events, begun, send);
        await send(lastChunk(this.#head, decided));
        if (this.request.includeUsage) await send(usageChunk(this.#head, decided.outcome));
        await out.writeSSE({ data: '[DONE]' });
      } catch (error) {
        const failure = this.failed(error);
        if (!this.gone.signal.aborted) await send(errorBody(failure));
      } finally {
        leavePlace();
        await events.return(undefined as never).catch(() => {});
      }
    });
  }

  /** Counts and names what went wrong. */
  failed(error: unknown): ApiError {
    if (this.gone.signal.aborted) {
      this.gateway.metrics.ended('gone', this.#policy);
      // Nobody reads it.
      return new ApiError(400, 'client_gone', 'the client went away');
    }
    const failure = apiError(error);
    if (failure.status === 500) this.gateway.onLog((failure.cause as Error)?.stack ?? String(failure.cause));
    this.gateway.metrics.ended(failure.code, this.#policy);
    return failure;
  }

  /** Passes on what comes, as deltas; resolves with what was decided. */
  async #pass(
    events: AsyncGenerator<ThinkEvent, Outcome>,
    begun: IteratorResult<ThinkEvent, Outcome>,
    send: (value: unknown) => Promise<void>,
  ): Promise<Decided> {
    const { output, reasoning } = this.request;
    for (let next = begun; ; next = await events.next()) {
      if (next.done) {
        const decided = this.#decided(next.value);
        if (output === 'answer') await this.#send(send, { content: contentOf(this.request, next.value, '') });
        return decided;
      }
      const event = next.value;
      if (event.type === 'text' && output === 'text') await this.#send(send, { content: event.text });
      if (event.type === 'reasoning' && reasoning) await this.#send(send, { reasoning_content: event.text });
    }
  }

  async #send(send: (value: unknown) => Promise<void>, delta: { content?: string; reasoning_content?: string }) {
    if (!this.#sent) this.#observeFirstByte();
    this.#sent = true;
    await send(chunk(this.#head, delta));
  }

  async *#events(): AsyncGenerator<ThinkEvent, Outcome> {
    const events = answer(this.request, this.gateway, this.gone.signal);
    let begun = false;
    try {
      for (;;) {
        const next = await events.next();
        if (!begun) this.gateway.metrics.firstToken(this.#seconds());
        begun = true;
        if (next.done) return next.value;
        yield next.value;
      }
    } finally {
      // Whoever leaves this loop leaves the one behind it.
      await events.return(undefined as never);
    }
  }

  #decided(outcome: Outcome): Decided {
    const [policy, threshold] = [this.#policy, this.#threshold];
    const { savings, metrics } = this.gateway;
    if (policy === 'auto' && !outcome.exited) savings.thought(outcome.tokensBehindFirst);
    const savedTokens = outcome.exited && policy === 'auto' ? savings.perExit : outcome.exited ? null : 0;
    const decided = { policy, threshold: policy === 'auto' ? threshold : null, outcome, savedTokens };
    metrics.decided(decided);
    metrics.ended('answered', policy);
    return decided;
  }

  #observeFirstByte(): void {
    this.gateway.metrics.firstByte(this.#seconds(), this.#policy);
  }

  #seconds(): number {
    return (performance.now() - this.arrived) / 1000;
  }
}
