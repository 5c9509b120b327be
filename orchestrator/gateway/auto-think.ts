import { parseCompletion } from '../answer/index.js';
import type { ExitRecord } from '../records/index.js';
import type { Body } from '../rollout/openai/body.js';
import type { Call, Client } from '../rollout/openai/client.js';
import { type Decision, decideExit } from '../rollout/openai/exit.js';
import { HeadWatcher } from '../rollout/openai/head.js';
import { endsOf, firstTokens, joinPieces, type Reply } from '../rollout/openai/reply.js';
import { exitBetweenRequests } from '../rollout/openai/two-requests.js';
import type { Piece } from '../rollout/openai/wire.js';
import type { Policy } from './request.js';
import { ThinkSplitter } from './think-splitter.js';

/** How a server ends a request at its first answer. */
export type ExitMode = ExitRecord['mode'];

export interface ThinkOptions {
  readonly policy: Policy;
  /** τ of the policy auto. */
  readonly threshold: number;
  readonly exit: ExitMode;
}

/** What can be passed on while a completion is made. */
export type ThinkEvent =
  /** The server has begun to answer. */
  | { readonly type: 'started' }
  /** Text of the completion that is sure to stay. */
  | { readonly type: 'text'; readonly text: string }
  /** A part of the thinking, without its tags. */
  | { readonly type: 'reasoning'; readonly text: string };

/** A completion after its last token. */
export interface Outcome {
  /** The answer that counts: in the box, or the whole text of a completion that has none. */
  readonly answer: string;
  /** Where it stands. */
  readonly from: 'first' | 'second' | 'text';
  readonly exited: boolean;
  readonly confidence: number | null;
  /** Null when nothing was to be decided (never, always). */
  readonly mode: ExitMode | null;
  readonly finish: 'stop' | 'length';
  readonly promptTokens: number;
  readonly cachedTokens: number | null;
  readonly completionTokens: number;
  /** Tokens behind the first answer. */
  readonly tokensBehindFirst: number;
}

/** `<think>` ends a completion that is not to think. */
const THINK = '<think>';

/**
 * One completion under a policy (paper, section 3.3). auto: as long as the first answer is not decided on nothing but `started`
 * comes, since until then neither text nor thinking is sure to stay. Leaving the loop ends the request on the server.
 */
export async function* autoThink(
  client: Client,
  body: Body,
  call: Call,
  options: ThinkOptions,
): AsyncGenerator<ThinkEvent, Outcome> {
  const { policy, threshold, exit } = options;
  if (policy === 'auto' && exit === 'two-requests') {
    const { reply, exit: record } = await exitBetweenRequests(client, body, call, threshold);
    yield { type: 'started' };
    const out = new Outlet();
    out.add(reply.text);
    yield* out.end();
    return outcomeOf(reply, record?.exited ?? false, exit);
  }
  const pieces: Piece[] = [];
  const head = new HeadWatcher();
  const out = new Outlet();
  let decision: Decision | undefined;
  for await (const batch of client.stream(asked(body, options), call)) {
    if (pieces.length === 0) yield { type: 'started' };
    for (const piece of batch) {
      pieces.push(piece);
      if (policy === 'always' || decision !== undefined) continue;
      head.push(piece.text);
      if (head.end !== undefined) decision = decide(joinPieces(pieces), head.end, options);
    }
    if (decision?.exited) break;
    out.add(batch.map(({ text }) => text).join(''));
    if (policy !== 'auto' || decision !== undefined) yield* out.flush();
  }
  const reply = joinPieces(pieces);
  if (decision?.exited) {
    const text = reply.text.slice(0, head.end);
    yield* out.upTo(text);
    const kept = policy === 'never' ? reply : firstTokens(reply, decision.kept);
    return outcomeOf({ ...kept, text, finish: 'stop' }, true, policy === 'auto' ? exit : null);
  }
  yield* out.end();
  return outcomeOf(reply, false, policy === 'auto' ? exit : null);
}

/** What the server is told of the policy. */
function asked(body: Body, { policy, threshold, exit }: ThinkOptions): Body {
  if (policy === 'never') return { ...body, stop: [...(body.stop ?? []), THINK] };
  return policy === 'auto' && exit === 'engine' ? { ...body, vllm_xargs: { vauto_threshold: threshold } } : body;
}

function decide(reply: Reply, end: number, { policy, threshold }: ThinkOptions): Decision {
  const decision = decideExit(reply, end, threshold);
  return policy === 'never' ? { ...decision, exited: true } : decision;
}

/** Hands the text of a completion on, held back as long as nobody flushes, and the thinking in it. */
class Outlet {
  readonly #thinking = new ThinkSplitter();
  #passed = 0;
  #held = '';

  add(text: string): void {
    this.#held += text;
  }

  *flush(): Generator<ThinkEvent> {
    if (this.#held === '') return;
    const text = this.#held;
    this.#held = '';
    this.#passed += text.length;
    yield { type: 'text', text };
    yield* reasoning(this.#thinking.push(text));
  }

  /** What of the whole text has not been handed on. */
  *upTo(whole: string): Generator<ThinkEvent> {
    this.#held = whole.slice(this.#passed);
    yield* this.flush();
  }

  *end(): Generator<ThinkEvent> {
    yield* this.flush();
    yield* reasoning(this.#thinking.end());
  }
}

function* reasoning(text: string): Generator<ThinkEvent> {
  if (text !== '') yield { type: 'reasoning', text };
}

/** A completion without a second answer (cut off, or never thought) falls back on its first; one without a box on its text. */
function outcomeOf(reply: Reply, exited: boolean, mode: ExitMode | null): Outcome {
  const { text, tokens, promptTokens, cachedTokens } = reply;
  const logprobs = tokens.map(({ logprob }) => logprob);
  const completion = { text, logprobs, tokenEnds: endsOf(reply), finishReason: 'stop' as const };
  const trace = parseCompletion(completion, 'answer-twice');
  const from = exited || trace.second === null ? 'first' : 'second';
  const box = trace[from];
  const completionTokens = exited ? tokens.length : Math.max(tokens.length, reply.completionTokens ?? 0);
  return {
    answer: box?.text ?? text,
    from: box === null ? 'text' : from,
    exited,
    confidence: trace.confidence,
    mode,
    finish: reply.finish === 'length' ? 'length' : 'stop',
    promptTokens,
    cachedTokens,
    completionTokens,
    tokensBehindFirst: completionTokens - trace.tokens.first,
  };
}
