import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { useAgent } from 'request-filtering-agent';
import { ApiError, mediaRefused as refused, mediaTooLarge as tooLarge } from './errors.js';

const TIMEOUT_MS = 20_000;
const MOST_REDIRECTS = 3;

/**
 * A medium of the internet. The agent looks at the address that a name leads to when it connects, so that neither a name nor a
 * redirect reaches a private network (`request-filtering-agent`).
 */
export async function fetchMedium(
  url: string,
  param: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<{ type: string; bytes: Buffer }> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    let place = new URL(url);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const response = await open(place, limited);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        response.destroy();
        place = new URL(headers.location, place);
        continue;
      }
      if (statusCode !== 200) {
        response.destroy();
        throw refused(param, `the address answered with status ${statusCode}`);
      }
      const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
      return { type, bytes: await readLimited(response, maxBytes, () => tooLarge(param, maxBytes)) };
    }
    throw refused(param, `the address redirects more than ${MOST_REDIRECTS} times`);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ApiError ? error : refused(param, `could not be fetched: ${reason(error)}`, error);
  }
}

function open(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`redirected to ${url.protocol}`);
  const get = url.protocol === 'https:' ? httpsGet : httpGet;
  return new Promise((resolve, reject) => {
    get(url, { agent: useAgent(url.href), signal, headers: { accept: 'image/*,video/*' } }, resolve).on(
      'error',
      reject,
    );
  });
}

async function readLimited(response: IncomingMessage, maxBytes: number, tooMuch: () => ApiError): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response) {
    size += (piece as Buffer).length;
    if (size > maxBytes) {
      response.destroy();
      throw tooMuch();
    }
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

function reason(error: unknown): string {
  const { message, name } = error as Error;
  if (name === 'TimeoutError' || name === 'AbortError') return `no answer within ${TIMEOUT_MS / 1000} s`;
  return /is not allowed/.test(message) ? 'it leads to a private network' : message;
}
