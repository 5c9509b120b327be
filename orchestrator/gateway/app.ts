import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { answerChat } from './chat.js';
import { ApiError, errorBody, unknownModel } from './errors.js';
import type { Gateway } from './gateway.js';

/** The routes. Everything that is not a reply has OpenAI's error shape. */
export function createApp(gateway: Gateway): Hono {
  const { name, startedAt, apiKey, maxBodyBytes, pool, metrics } = gateway;
  const app = new Hono();

  app.onError((error, context) => {
    const known = error instanceof ApiError ? error : undefined;
    if (known === undefined) gateway.onLog(error.stack ?? String(error));
    return failure(context, known ?? new ApiError(500, 'internal_error', 'something went wrong in the gateway'));
  });
  app.notFound((context) =>
    failure(context, new ApiError(404, 'not_found', `there is nothing at ${context.req.method} ${context.req.path}`)),
  );

  app.get('/health', (context) => {
    const upstreams = pool.states();
    const up = upstreams.some((state) => state.up);
    return context.json({ status: up ? 'ok' : 'no model server is up', upstreams }, up ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    context.header('content-type', metrics.contentType);
    return context.body(await metrics.text());
  });

  app.use('/v1/*', async (context, next) => {
    if (apiKey !== undefined && !isKey(context.req.header('authorization'), apiKey))
      throw new ApiError(401, 'invalid_api_key', 'the API key is missing or wrong: send "Authorization: Bearer KEY"');
    await next();
  });
  app.get('/v1/models', (context) => context.json({ object: 'list', data: [model()] }));
  app.get('/v1/models/:id{.+}', (context) => {
    const id = context.req.param('id');
    if (id !== name) throw unknownModel(id, name);
    return context.json(model());
  });
  const tooLarge = () => {
    throw new ApiError(413, 'request_too_large', `a request has at most ${maxBodyBytes} bytes here`);
  };
  app.post('/v1/chat/completions', bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }), async (context) =>
    answerChat(gateway, context, await jsonBody(context)),
  );

  function model() {
    return { id: name, object: 'model' as const, created: Math.floor(startedAt / 1000), owned_by: 'vauto' };
  }
  return app;
}

/** A page of another site can send anything but JSON without asking first. */
async function jsonBody(context: Context): Promise<unknown> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new ApiError(415, 'invalid_request', 'the body must be JSON: send "Content-Type: application/json"');
  try {
    return await context.req.json();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, 'invalid_request', 'the body is no JSON');
  }
}

function failure(context: Context, error: ApiError): Response {
  if (error.retryAfter !== undefined) context.header('retry-after', String(Math.ceil(error.retryAfter)));
  return context.json(errorBody(error), error.status);
}

/** Compared by their hashes, in a time that tells nothing. */
function isKey(header: string | undefined, key: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header ?? ''), hash(`Bearer ${key}`));
}
