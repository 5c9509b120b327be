import { join, normalize, sep } from 'node:path';
import { type Context, Hono } from 'hono';
import { isMedium, sendFile } from './files.js';
import type { Frames } from './frames.js';
import { headers, hostGuard, tokenGuard } from './guard.js';
import { streamChanges } from './live.js';
import type { Question } from './reader/index.js';
import { notFound, Refusal } from './reader/refusal.js';
import type { Ask } from './thread.js';

export interface Browser {
  /** For pages that show a few rows. */
  readonly ask: Ask;
  /** For tables, which may take longer. */
  readonly askTable: Ask;
  readonly frames: Frames;
  /** Folder of the pages. */
  readonly pages: string;
  /** Host names that it answers to; none are checked when a token is asked for. */
  readonly hosts: readonly string[];
  readonly token: string | undefined;
  readonly onBug: (text: string) => void;
}

/** What a query may repeat. */
const LISTS = new Set(['run']);

/** The routes: the API, media, and the pages for everything else. Nothing is ever written. */
export function createApp(browser: Browser): Hono {
  const { ask, askTable, frames, token } = browser;
  const app = new Hono();
  app.use(headers);
  app.use(token === undefined ? hostGuard(browser.hosts) : tokenGuard(token));
  app.onError((error, context) => failure(context, error, browser.onBug));

  const route = (path: string, name: Question, asker: Ask = ask) =>
    app.get(path, async (context) => json(context, await asker(name, queryOf(context))));
  route('/api/runs', 'runs');
  route('/api/runs/:run', 'run');
  route('/api/runs/:run/steps', 'steps');
  route('/api/runs/:run/events', 'events');
  route('/api/runs/:run/facets', 'facets', askTable);
  route('/api/runs/:run/traces', 'traces', askTable);
  route('/api/runs/:run/sweep', 'sweep', askTable);
  route('/api/runs/:run/sweep/at', 'sweepAt', askTable);
  route('/api/traces/:id', 'trace', askTable);
  route('/api/compare', 'compare', askTable);
  route('/api/compare/flips', 'flips', askTable);
  app.get('/api/traces/:id/frames', async (context) => {
    const { media, recipe } = await askTable('media', { id: context.req.param('id') });
    return json(context, await frames.of(media[0], recipe));
  });
  app.get('/api/live', (context) => streamChanges(context, ask, context.req.query('run')));
  app.all('/api/*', (context) => {
    throw notFound(
      'no-such-address',
      `there is nothing at ${context.req.method} ${context.req.path}`,
      'see docs/browser.md',
    );
  });

  app.get('/media/frames/:name', (context) => sendFile(context, frames.file(context.req.param('name')), FOR_EVER));
  app.get('/media/:id/:sha256', async (context) => {
    const { id, sha256 } = context.req.param();
    const { media } = await askTable('media', { id });
    const medium = media.find((item) => item.sha256 === sha256);
    if (medium === undefined || !isMedium(medium.path)) throw notFound('no-medium', `trace ${id} has no such medium`);
    return sendFile(context, medium.path, FOR_EVER);
  });

  app.get('/assets/*', (context) => sendFile(context, within(browser.pages, context.req.path), FOR_EVER));
  app.get('/icon.svg', (context) => sendFile(context, join(browser.pages, 'icon.svg'), 'no-cache'));
  app.get('*', (context) => sendFile(context, join(browser.pages, 'index.html'), 'no-cache'));
  return app;
}

/** Named by their content. */
const FOR_EVER = 'private, max-age=31536000, immutable';

/** The parameters of path and query; a name that is given twice counts once, unless it is a list. */
function queryOf(context: Context): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(context.req.queries())) {
    if (name === 'token') continue;
    found[name] = LISTS.has(name) && values.length > 1 ? values : values[0];
  }
  return { ...found, ...context.req.param() };
}

function within(folder: string, path: string): string {
  const file = normalize(join(folder, decodeURIComponent(path)));
  if (!file.startsWith(folder + sep) || file.includes('\0')) throw notFound('no-file', 'there is no such file');
  return file;
}

function json(context: Context, answer: unknown): Response {
  context.header('cache-control', 'no-store');
  return context.json(answer as object);
}

function failure(context: Context, error: Error, onBug: (text: string) => void): Response {
  if (error instanceof Refusal) {
    const { status, code, message, fix } = error;
    return context.json({ error: { code, message, ...(fix === undefined ? {} : { fix }) } }, status);
  }
  onBug(error.stack ?? error.message);
  return context.json({ error: { code: 'bug', message: 'this is a bug in vauto; its trace is in the terminal' } }, 500);
}
