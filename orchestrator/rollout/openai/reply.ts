import type { Rollout } from '../../records/index.js';
import type { EngineInfo, RolloutRequest } from '../engine.js';
import { requestKey, rolloutKey } from '../key.js';
import { tokenEnds } from './token-ends.js';
import type { Piece, WireToken } from './wire.js';

/** A completion as far as it has come. The token lists are empty where the server tells nothing of tokens. */
export interface Reply {
  readonly text: string;
  readonly tokens: readonly WireToken[];
  readonly tokenIds: readonly number[];
  readonly finish: string | undefined;
  readonly stopReason: string | undefined;
  readonly promptTokens: number;
  /** Prompt tokens from the prefix cache; null where the server does not tell. */
  readonly cachedTokens: number | null;
  /** As the server counts them; null where it does not. */
  readonly completionTokens: number | null;
}

/** Puts pieces together, in order. */
export function joinPieces(pieces: readonly Piece[]): Reply {
  const last = <T>(pick: (piece: Piece) => T | undefined): T | undefined =>
    pieces.map(pick).findLast((value) => value !== undefined);
  return {
    text: pieces.map((piece) => piece.text).join(''),
    tokens: pieces.flatMap((piece) => piece.tokens),
    tokenIds: pieces.flatMap((piece) => piece.tokenIds),
    finish: last((piece) => piece.finish),
    stopReason: last((piece) => piece.stopReason),
    promptTokens: last((piece) => piece.promptTokens) ?? 0,
    cachedTokens: last((piece) => piece.usage?.prompt_tokens_details?.cached_tokens ?? undefined) ?? null,
    completionTokens: last((piece) => piece.usage?.completion_tokens ?? undefined) ?? null,
  };
}

/** A reply and its continuation as one; the prompt is that of the first. */
export function continued(begun: Reply, rest: Reply): Reply {
  const { finish, stopReason } = rest;
  const counts = [begun.completionTokens, rest.completionTokens].filter((count) => count !== null);
  return {
    ...begun,
    text: begun.text + rest.text,
    tokens: [...begun.tokens, ...rest.tokens],
    tokenIds: [...begun.tokenIds, ...rest.tokenIds],
    finish,
    stopReason,
    completionTokens: counts.length === 2 ? counts.reduce((sum, count) => sum + count, 0) : null,
  };
}

/** The first `count` tokens of a reply and their text. */
export function firstTokens(reply: Reply, count: number): Reply {
  const end = endsOf(reply)[count - 1] ?? 0;
  return {
    ...reply,
    text: reply.text.slice(0, end),
    tokens: reply.tokens.slice(0, count),
    tokenIds: reply.tokenIds.slice(0, count),
  };
}

/** End of each token in the reply's text. */
export function endsOf({ tokens, text }: Pick<Reply, 'tokens' | 'text'>): number[] {
  return tokenEnds(
    tokens.map(({ bytes, token }) => (bytes ? Uint8Array.from(bytes) : Buffer.from(token))),
    text,
  );
}

function identityOf({ weights, libraries, engine, version }: EngineInfo) {
  return { weights, libraries, settings: { engine, version } };
}

/** The record of a completion. */
export function toRollout(request: RolloutRequest, info: EngineInfo, reply: Reply, exited: boolean): Rollout {
  const { promptId, index, seed } = request;
  const complete = reply.tokenIds.length === reply.tokens.length;
  return {
    key: rolloutKey(requestKey(request, identityOf(info)), index),
    promptId,
    index,
    seed,
    text: reply.text,
    tokenIds: complete ? [...reply.tokenIds] : [],
    logprobs: reply.tokens.map(({ logprob }) => logprob),
    tokenEnds: endsOf(reply),
    finishReason: exited ? 'exit' : reply.finish === 'stop' || reply.finish === 'length' ? reply.finish : 'abort',
    promptTokens: reply.promptTokens,
    cachedTokens: reply.cachedTokens ?? 0,
  };
}
