import type { RolloutFailure } from '../engine.js';
import { keyRefused, notFound, samplingRefused } from './user-errors.js';
import { errorSchema } from './wire.js';

/** Fails one request and no other. */
export class RequestFault extends Error {
  override readonly name = 'RequestFault';

  constructor(
    readonly code: RolloutFailure['code'],
    message: string,
    /** Of the server's answer, where it answered. */
    readonly status?: number,
  ) {
    super(message);
  }
}

/** The connection was lost while the request was being answered. */
export class CutShort extends RequestFault {}

/** What stands in the way: too much to do; no server behind the connection, or none any more; no connection at all. */
export type Trouble = 'busy' | 'broken' | 'unreachable';

/** May succeed when it is tried again. */
export class Transient extends Error {
  override readonly name = 'Transient';

  constructor(
    message: string,
    readonly trouble: Trouble,
    /** Seconds that the server asks to wait. */
    readonly retryAfter?: number | undefined,
  ) {
    super(message);
  }

  get unreachable(): boolean {
    return this.trouble === 'unreachable';
  }
}

/** Whether it may be the server that has gone, and not the request that is at fault. */
export function isLoss(error: unknown): error is Transient | RequestFault {
  if (error instanceof Transient) return error.trouble !== 'busy';
  // A server whose engine has died answers so before it ends.
  return error instanceof CutShort || (error instanceof RequestFault && (error.status ?? 0) >= 500);
}

const BUSY = 429;
/** Of a proxy whose server is away, or of a server that is about to end. */
const AWAY: ReadonlySet<number> = new Set([502, 503, 504]);
const TOO_LONG = /maximum (model|context) length|max_model_len|longer than the maximum|encoder cache size/i;
const MEDIA = /image|video|media|file|frame|decode|url/i;
/** Values that stand in the recipe; wrong, they are wrong for every request. */
const SAMPLING: ReadonlySet<unknown> = new Set(['temperature', 'top_p', 'top_k', 'seed', 'stop']);

export interface Refusal {
  /** HTTP status, also where it stands in an event of a stream. */
  readonly status: number;
  readonly text: string;
  readonly retryAfter?: number | undefined;
  readonly hasMedia: boolean;
}

/** What a refusal means: an attempt to be repeated, a request that fails, or an error of the user's that stops the batch. */
export function refusalError({ status, text, retryAfter, hasMedia }: Refusal): Error {
  const message = messageOf(text);
  if (status === BUSY || AWAY.has(status))
    return new Transient(`status ${status}: ${message}`, status === BUSY ? 'busy' : 'broken', retryAfter);
  if (status === 401 || status === 403) return keyRefused(status, message);
  if (status === 404) return notFound(message);
  if (status === 400 && SAMPLING.has(parameterOf(text))) return samplingRefused(message);
  if (TOO_LONG.test(message)) return new RequestFault('too-long', message, status);
  if (hasMedia && MEDIA.test(message)) return new RequestFault('media', message, status);
  return new RequestFault('engine', `status ${status}: ${message}`, status);
}

/** A connection that was there and broke. Whatever else goes wrong, none came about. */
const BROKEN: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);

/** Something went wrong between the two machines. */
export function connectionError(error: unknown): Transient {
  const { code, message } = error as NodeJS.ErrnoException;
  // Node gives no message when it has tried several addresses of one name.
  return new Transient(message || (code ?? 'no reason given'), BROKEN.has(code) ? 'broken' : 'unreachable');
}

/** The server's own words, or the beginning of whatever came instead. */
function messageOf(text: string): string {
  return errorSchema.safeParse(parseJson(text)).data?.error.message ?? (text.slice(0, 300) || 'no reason given');
}

function parameterOf(text: string): unknown {
  return (parseJson(text) as { error?: { param?: unknown } } | undefined)?.error?.param;
}

/** undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
