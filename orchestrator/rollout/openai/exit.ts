import { exitsAt, parseCompletion } from '../../answer/index.js';
import { endsOf, type Reply } from './reply.js';

/** What was decided at the first answer. */
export interface Decision {
  readonly exited: boolean;
  readonly confidence: number | null;
  /** Tokens up to the one that closes the first answer, it included. */
  readonly kept: number;
}

export const UNDECIDED: Decision = { exited: false, confidence: null, kept: 0 };

/**
 * Decides as choosing after a full trace would: by the same reading of the text up to `end`, where the first answer closed
 * (HeadWatcher), and the same confidence.
 */
export function decideExit(reply: Pick<Reply, 'text' | 'tokens'>, end: number, threshold: number): Decision {
  const ends = endsOf(reply);
  const logprobs = reply.tokens.map(({ logprob }) => logprob);
  const head = { text: reply.text.slice(0, end), logprobs, tokenEnds: ends, finishReason: 'stop' as const };
  const { confidence } = parseCompletion(head, 'answer-twice');
  return {
    exited: exitsAt(confidence, threshold),
    confidence,
    kept: ends.findIndex((tokenEnd) => tokenEnd >= end) + 1,
  };
}
