import {
  type Agent,
  request as httpRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';

/** What every request to a server shares. */
export interface HttpTarget {
  /** Address of the server, without `/v1`. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
  /** Milliseconds without a byte after which the server counts as gone. */
  readonly silenceMs: number;
}

export interface HttpReply {
  readonly status: number;
  /** Seconds to wait before the next attempt, where the server says so. */
  readonly retryAfter: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Keeps connections open between requests; `close` ends them. */
export function createTarget(
  base: string,
  { apiKey, silenceMs }: { readonly apiKey: string | undefined; readonly silenceMs: number },
): HttpTarget {
  const agent = base.startsWith('https:') ? new TlsAgent({ keepAlive: true }) : new PlainAgent({ keepAlive: true });
  return { base, agent, silenceMs, headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` } };
}

/**
 * One request. `signal` closes the connection at once, which is how a vLLM server learns that nobody waits any more. Not the
 * built-in `fetch`: that gives up after five minutes of silence, which a long queue or a long reply may take.
 */
export function send(target: HttpTarget, path: string, body: unknown, signal: AbortSignal): Promise<HttpReply> {
  const url = new URL(target.base + path);
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const options: RequestOptions = {
    method: payload === undefined ? 'GET' : 'POST',
    agent: target.agent,
    timeout: target.silenceMs,
    headers: {
      ...target.headers,
      ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
    },
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
    let response: IncomingMessage | undefined;
    request.on('response', (message) => {
      response = message;
      // Whoever reads the body sees its error; when nobody reads any more, it must not end the process.
      message.on('error', () => {});
      const retryAfter = Number.parseFloat(message.headers['retry-after'] ?? '');
      resolve({
        status: message.statusCode ?? 0,
        retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
        body: message,
      });
    });
    // Once there is a response, what ends the request would be seen as an ordinary cut by whoever reads it.
    request.on('timeout', () => (response ?? request).destroy(new SilenceError(target.silenceMs)));
    request.on('error', reject);
    // Not the option `signal`: that destroys the socket with an error, which nobody hears once the response has arrived.
    const abort = () => (response ?? request).destroy();
    signal.addEventListener('abort', abort, { once: true });
    request.on('close', () => signal.removeEventListener('abort', abort));
    request.end(payload);
  });
}

/** The whole body as text. */
export async function readAll({ body }: HttpReply): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** The server took the request and then said nothing for too long. */
export class SilenceError extends Error {
  override readonly name = 'SilenceError';

  constructor(silenceMs: number) {
    super(`the server said nothing for ${silenceMs / 1000} s`);
  }
}
