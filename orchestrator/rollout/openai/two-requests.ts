import type { ExitRecord } from '../../records/index.js';
import type { Body, WireMessage } from './body.js';
import type { Call, Client } from './client.js';
import { type Decision, decideExit, UNDECIDED } from './exit.js';
import { exited, finished, type Generated } from './generate.js';
import { HeadWatcher } from './head.js';
import { continued, endsOf, type Reply } from './reply.js';

/** Where the thinking begins; behind the first answer whatever braces are in it. */
const THINK = '<think>';

/**
 * For a server that gives log-probs only with the whole reply: one request up to the thinking; when its first answer is not
 * sure enough, a second that goes on from there. What both share comes from the server's prefix cache.
 */
export async function exitBetweenRequests(
  client: Client,
  body: Body,
  call: Call,
  threshold: number,
): Promise<Generated> {
  const first = finished([await client.complete({ ...body, stop: [...(body.stop ?? []), THINK] }, call)]);
  const decision = decide(first, threshold);
  if (decision.exited) return exited(first, decision, 'two-requests');
  const exit: ExitRecord = { mode: 'two-requests', exited: false, confidence: decision.confidence, wastedTokens: 0 };
  if (first.finish !== 'stop' || (first.stopReason ?? THINK) !== THINK || !first.text.endsWith(THINK))
    return { reply: first, exit };
  const begun = { ...first, text: first.text + overhang(first) };
  const room = body.max_tokens === undefined ? undefined : body.max_tokens - first.tokens.length;
  if (room !== undefined && room < 1) return { reply: { ...begun, finish: 'length' }, exit };
  const rest = finished([await client.complete(continuation(body, begun.text, room), call)]);
  const { promptTokens, cachedTokens } = rest;
  return { reply: continued(begun, rest), exit: { ...exit, second: { promptTokens, cachedTokens } } };
}

function decide(reply: Reply, threshold: number): Decision {
  const head = new HeadWatcher();
  head.push(reply.text);
  return head.end === undefined ? UNDECIDED : decideExit(reply, head.end, threshold);
}

/** The same request with the beginning of its answer as the last message, left open. */
function continuation(body: Body, text: string, room: number | undefined): Body {
  const begun: WireMessage = { role: 'assistant', content: text };
  return {
    ...body,
    messages: [...body.messages, begun],
    max_tokens: room,
    continue_final_message: true,
    add_generation_prompt: false,
  };
}

/**
 * What the last token says behind the stop text. Servers cut the text there, but the model has said it (`>` and a new line are
 * often one token), and a continuation without it would be another completion.
 */
function overhang(reply: Reply): string {
  const last = reply.tokens.at(-1)?.token ?? '';
  const visible = reply.text.slice(endsOf(reply).at(-2) ?? 0);
  return last.startsWith(visible) ? last.slice(visible.length) : '';
}
