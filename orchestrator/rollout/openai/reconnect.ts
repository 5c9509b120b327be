import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../errors.js';
import { isLoss, RequestFault, Transient } from './faults.js';
import { waitMs } from './retry.js';
import type { Server } from './server.js';
import { serverChanged, serverGone } from './user-errors.js';

/** Between looks at a server that is gone. */
const LOOKS = { attempts: Number.POSITIVE_INFINITY, baseMs: 500, mostMs: 5000 };
/** One look; a network that swallows what is sent would take minutes to say so. */
const LOOK_MS = 60_000;
/** So often may a request be in the server's hands when the connection is lost: it may be what ends the server. */
const MOST_LOSSES = 3;

export interface ReconnectOptions {
  readonly base: string;
  /** Milliseconds that the server may be gone. */
  readonly patienceMs: number;
  /** Asks the server once who it is. */
  readonly look: (signal: AbortSignal) => Promise<Server>;
  readonly onLog: (line: string) => void;
}

/** What one call of `withServer` is for. */
export interface Persistence {
  readonly server: Server;
  readonly signal: AbortSignal;
  /** What is waited for, in words. */
  readonly onNote: (message: string) => void;
  /** The request is sent once more. */
  readonly onRetry: () => void;
}

/**
 * Runs requests on a server that may go away and come back: they wait together until it answers as before, and are sent again.
 * `closed` ends the waiting.
 */
export function createReconnect(options: ReconnectOptions, closed: AbortSignal) {
  const { base, patienceMs, look, onLog } = options;
  let waiting: Promise<void> | undefined;

  async function waitFor(cause: Error, { server, onNote }: Persistence): Promise<void> {
    const since = performance.now();
    const away = () => Math.round((performance.now() - since) / 1000);
    const tell = (message: string) => {
      onNote(message);
      onLog(message);
    };
    for (let looks = 1; ; looks += 1) {
      const found = await lookOnce(look, closed);
      if (!(found instanceof Error)) {
        if (identity(found) !== identity(server)) throw serverChanged(base, identity(server), identity(found));
        if (looks > 1) tell(`warning: the server at ${base} was gone for ${away()} s`);
        return;
      }
      if (looks === 1) tell(`waiting for the server at ${base}, which is gone (${cause.message})`);
      const left = patienceMs - (performance.now() - since);
      if (left <= 0) throw serverGone(base, away(), found);
      await sleep(Math.min(left, waitMs(LOOKS, Math.min(looks, 8), 0)), undefined, { signal: closed });
    }
  }

  /** Resolves when the server answers again. Throws UserError when it does not, or not as it did. */
  function back(cause: Error, call: Persistence): Promise<void> {
    waiting ??= waitFor(cause, call).finally(() => {
      waiting = undefined;
    });
    return orAborted(waiting, call.signal);
  }

  return async function withServer<T>(call: Persistence, run: () => Promise<T>): Promise<T> {
    for (let losses = 0; ; ) {
      try {
        return await run();
      } catch (error) {
        call.signal.throwIfAborted();
        if (!isLoss(error)) throw error;
        if (!(error instanceof Transient && error.unreachable)) losses += 1;
        if (losses >= MOST_LOSSES) throw lostAgain(error);
        await back(error, call);
        call.onRetry();
      }
    }
  };
}

/** The server, or why it is still away. Throws what waiting would not mend. */
async function lookOnce(look: ReconnectOptions['look'], closed: AbortSignal): Promise<Server | Error> {
  try {
    return await look(AbortSignal.any([closed, AbortSignal.timeout(LOOK_MS)]));
  } catch (error) {
    closed.throwIfAborted();
    const away =
      error instanceof Transient ||
      error instanceof RequestFault ||
      (error instanceof UserError && error.code === 'server-refuses') ||
      (error instanceof Error && error.name === 'TimeoutError');
    if (away) return error;
    throw error;
  }
}

/** What decides a completion, as far as the server tells it. */
function identity({ info: { version, weights }, logprobs }: Server): string {
  return `${version}, ${weights}, log-probs ${logprobs}`;
}

function lostAgain(error: Error): RequestFault {
  return new RequestFault(
    'engine',
    `the server was lost ${MOST_LOSSES} times while it answered this: ${error.message}`,
  );
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
