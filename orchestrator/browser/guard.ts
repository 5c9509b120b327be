import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { Refusal } from './reader/refusal.js';

/** Everything comes from this server, nothing is run or styled from within a page, and no other page may frame it. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "media-src 'self'"],
  ...["connect-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

const COOKIE = 'vauto-token';

export const headers: MiddlewareHandler = async (context, next) => {
  await next();
  context.header('content-security-policy', POLICY);
  context.header('x-content-type-options', 'nosniff');
  context.header('referrer-policy', 'no-referrer');
  context.header('cross-origin-resource-policy', 'same-origin');
  context.header('cross-origin-opener-policy', 'same-origin');
};

/**
 * Turns away requests that name another host: a page elsewhere may make its own name point at this machine (DNS rebinding), and
 * would then read what is meant for the user alone. Any name is fine on a server that asks for a token.
 */
export function hostGuard(names: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const host = hostOf(context.req.header('host') ?? '');
    if (!names.includes(host))
      throw new Refusal(
        403,
        'foreign-host',
        `this server is not ${JSON.stringify(host.slice(0, 200))}`,
        `open it as ${names[0]}`,
      );
    await next();
  };
}

/** `localhost:7878` is localhost, `[::1]:80` is [::1]. */
export function hostOf(header: string): string {
  return header.toLowerCase().replace(/:\d+$/, '');
}

/** Asks for a token, in the address once (it becomes a cookie) or as a bearer. */
export function tokenGuard(token: string): MiddlewareHandler {
  return async (context, next) => {
    const given = givenToken(context);
    if (given === undefined || !isSame(given, token))
      throw new Refusal(
        403,
        'token-needed',
        'a token is needed',
        'open the address that vauto browse printed, with its ?token=',
      );
    await next();
    // After the answer is made: files are answered with headers of their own.
    if (context.req.query('token') !== undefined)
      setCookie(context, COOKIE, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
  };
}

function givenToken(context: Context): string | undefined {
  const bearer = /^Bearer (.+)$/.exec(context.req.header('authorization') ?? '')?.[1];
  return context.req.query('token') ?? bearer ?? getCookie(context, COOKIE);
}

/** Compared by their hashes, in a time that tells nothing. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
