import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { type Reply, replies } from './replies.js';

/** One step's completions of a process, with their token ids, are some megabytes. */
const MAX_BODY_BYTES = 256 * 2 ** 20;
/** Milliseconds that an unanswered request is held; the client then asks again and knows that somebody is at work. */
const HOLD_MS = 20_000;
/** Answers kept for each process: it asks one thing at a time, and asks again only what it asked last. */
const KEPT_PER_PROCESS = 16;

const envelopeSchema = z.object({ id: z.string().min(1).max(128), payload: z.unknown() });

export interface AskServerOptions {
  /** How many processes ask. */
  readonly processes: number;
  /** Answers by name, the same as over the bridge. A handler refuses a payload with a ZodError. */
  readonly handlers: Readonly<Record<string, (payload: unknown) => Promise<unknown>>>;
  /** Events by name, and what each carries. */
  readonly events: Readonly<Record<string, z.ZodType>>;
  readonly onEvent: (name: string, payload: unknown) => void;
  /** Told to whoever sends an event: whether the training is to stop. */
  readonly cancelled: () => boolean;
  readonly maxBodyBytes?: number;
  readonly holdMs?: number;
}

/** What the processes of a training ask, over HTTP on the loopback, for those that know the token. */
export interface AskServer {
  readonly url: string;
  /** Made for this training alone; never written anywhere. */
  readonly token: string;
  /** The first error of a handler or of `onEvent`: why the training ended, where it did. */
  failure(): unknown;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/**
 * `POST /ask/NAME {id, payload}` → `{value}` or `{error}`, or status 202 while the answer is still being made;
 * `POST /event/NAME {id, payload}` → `{cancelled}`. The same id has the same answer, and is carried out once: a client whose
 * answer was lost asks again. Status 401 without the token, 404 for an unknown name, 400 for what it does not understand.
 */
export async function startAskServer(options: AskServerOptions): Promise<AskServer> {
  const { processes, handlers, events, cancelled, maxBodyBytes = MAX_BODY_BYTES, holdMs = HOLD_MS } = options;
  const token = randomBytes(32).toString('hex');
  const { once, failure } = replies(KEPT_PER_PROCESS * processes);
  const app = new Hono();

  app.use('*', async (context, next) => {
    if (!isToken(context.req.header('authorization'), token)) return context.body(null, 401);
    return next();
  });
  app.use('*', bodyLimit({ maxSize: maxBodyBytes, onError: (context) => refuse(context, 413, 'too large') }));
  app.post('/ask/:name', async (context) => {
    const name = context.req.param('name');
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (handler === undefined) return refuse(context, 404, `nobody answers ${name}`);
    const { id, payload } = await envelopeOf(context);
    const reply = once(`ask/${name}/${id}`, async () => ({ value: (await handler(payload)) ?? null }));
    return send(context, await within(holdMs, reply));
  });
  app.post('/event/:name', async (context) => {
    const name = context.req.param('name');
    // A beat says nothing; it only hears whether to go on.
    if (name === 'beat') return context.json({ cancelled: cancelled() });
    const schema = Object.hasOwn(events, name) ? events[name] : undefined;
    if (schema === undefined) return refuse(context, 404, `there is no event ${name}`);
    const { id, payload } = await envelopeOf(context);
    const { status, body } = await once(`event/${name}/${id}`, async () => {
      options.onEvent(name, schema.parse(payload));
      return {};
    });
    return send(context, { status, body: { cancelled: cancelled(), ...body } });
  });
  app.notFound((context) => refuse(context, 404, 'there is nothing here'));
  app.onError((error, context) => {
    if (error instanceof z.ZodError) return refuse(context, 400, z.prettifyError(error));
    return refuse(context, 500, error.message);
  });

  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    failure,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Compared by their hashes, in a time that tells nothing. */
function isToken(header: string | undefined, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header ?? ''), hash(`Bearer ${token}`));
}

async function envelopeOf(context: Context): Promise<z.infer<typeof envelopeSchema>> {
  const text = await context.req.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Not an object, so that the schema says what is missing.
  }
  return envelopeSchema.parse(body);
}

/** The reply, or that it takes longer. */
async function within(ms: number, reply: Promise<Reply>): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Reply>((resolve) => {
    timer = setTimeout(() => resolve({ status: 202, body: { pending: true } }), ms);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timer);
  }
}

function send(context: Context, { status, body }: Reply): Response {
  return context.json(body, status);
}

function refuse(context: Context, status: 400 | 404 | 413 | 500, error: string): Response {
  return context.json({ error }, status);
}
