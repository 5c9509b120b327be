import type { ExitRecord } from '../../records/index.js';
import type { Body } from './body.js';
import type { Call, Client } from './client.js';
import { type Decision, decideExit, UNDECIDED } from './exit.js';
import { CutShort } from './faults.js';
import { HeadWatcher } from './head.js';
import { firstTokens, joinPieces, type Reply } from './reply.js';
import type { Piece } from './wire.js';

/** A finished completion; `exit` when an early exit was asked for. */
export interface Generated {
  readonly reply: Reply;
  readonly exit?: ExitRecord;
}

/** One completion in one piece. */
export async function generateWhole(client: Client, body: Body, call: Call): Promise<Generated> {
  return { reply: finished([await client.complete(body, call)]) };
}

/** Where nothing is decided on the way, an event for each token would cost server and client more than the token. */
const TOKENS_PER_EVENT = 16;

/** One completion as a stream: a server that has died is noticed by its silence, however long the completion. */
export async function generateStreamed(client: Client, body: Body, call: Call): Promise<Generated> {
  const pieces: Piece[] = [];
  for await (const batch of client.stream({ ...body, stream_interval: TOKENS_PER_EVENT }, call)) pieces.push(...batch);
  return { reply: finished(pieces) };
}

/** As a stream that is broken off at the first answer when its confidence reaches the threshold. */
export async function exitInStream(client: Client, body: Body, call: Call, threshold: number): Promise<Generated> {
  const pieces: Piece[] = [];
  const head = new HeadWatcher();
  let decision: Decision | undefined;
  for await (const batch of client.stream(body, call)) {
    for (const piece of batch) {
      pieces.push(piece);
      head.push(piece.text);
      if (decision === undefined && head.end !== undefined)
        decision = decideExit(joinPieces(pieces), head.end, threshold);
    }
    // The rest of a batch has been made and sent; it counts as wasted.
    if (decision?.exited) return exited(joinPieces(pieces), decision, 'stream');
  }
  const { confidence } = decision ?? UNDECIDED;
  return { reply: finished(pieces), exit: { mode: 'stream', exited: false, confidence, wastedTokens: 0 } };
}

/** What is kept of a reply that was ended at its first answer. */
export function exited(reply: Reply, decision: Decision, mode: ExitRecord['mode']): Generated {
  const wastedTokens = reply.tokens.length - decision.kept;
  return {
    reply: firstTokens(reply, decision.kept),
    exit: { mode, exited: true, confidence: decision.confidence, wastedTokens },
  };
}

/** How a server finishes what it is answering when it is told to end. */
const ABORTED = 'abort';

/** The pieces of a completion that the server ended. */
export function finished(pieces: readonly Piece[]): Reply {
  const reply = joinPieces(pieces);
  if (reply.finish !== undefined && reply.finish !== ABORTED) return reply;
  throw new CutShort('engine', `the stream was cut after ${reply.tokens.length} tokens`);
}
