import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Browser, createApp } from '../../../orchestrator/browser/app.js';
import { rangeOf } from '../../../orchestrator/browser/files.js';
import { Frames } from '../../../orchestrator/browser/frames.js';
import { openReader, type Reader } from '../../../orchestrator/browser/reader/index.js';
import type { Ask } from '../../../orchestrator/browser/thread.js';
import { openStore } from '../../../orchestrator/store/index.js';
import { promptOf, rowOf } from '../store/rows.js';
import { storeWithRuns } from './stores.js';

let made: ReturnType<typeof storeWithRuns>;
let reader: Reader;
let rollout = 0;
const bugs: string[] = [];
const SECRET = 'root:x:0:0';

beforeAll(() => {
  made = storeWithRuns('a');
  const { folder, file } = made;
  mkdirSync(join(folder, 'ui', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'ui', 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'ui', 'assets', 'a.js'), 'let a;');
  writeFileSync(join(folder, 'secret.txt'), SECRET);
  writeFileSync(join(folder, 'v.mp4'), '0123456789');
  writeFileSync(join(folder, 'bad.svg'), '<svg onload="alert(1)"/>');
  rollout = withMedia();
  reader = openReader(file);
});
afterAll(() => {
  reader.close();
  rmSync(made.folder, { recursive: true });
});

/** A rollout whose prompt has a video, an SVG and a file of the system. */
function withMedia(): number {
  const store = openStore(made.file);
  const id = store.createRun({ name: 'media', recipeText: '', recipe: {}, folder: 'm', seed: 1, environment: {} });
  const media = ['v.mp4', 'bad.svg', 'secret.txt'].map((name) => ({
    ...{ kind: 'video' as const, path: join(made.folder, name), sha256: `hash-of-${name}` },
  }));
  store.savePrompts(id, 'train', [{ ...promptOf('p1'), media }]);
  const stage = store.startStage(id, 'filter', 'k');
  store.commitUnit(stage.id, 'u', [rowOf('p1', 0)]);
  const [row] = store.rollouts({ run: id, limit: 1 }).rows;
  store.close();
  return row?.id ?? 0;
}

function appOf(changes: Partial<Browser> = {}) {
  // Real answers from a real store, without the thread between.
  const ask: Ask = async (name, given) => reader[name](given as never) as never;
  return createApp({
    ...{ ask, askTable: ask, frames: new Frames(undefined), pages: join(made.folder, 'ui'), token: undefined },
    ...{ hosts: ['localhost', '127.0.0.1'], onBug: (text: string) => bugs.push(text), ...changes },
  });
}

const LOCAL = { headers: { host: 'localhost:7878' } };
const get = (path: string, headers: Record<string, string> = {}, app = appOf()) =>
  app.request(path, { headers: { ...LOCAL.headers, ...headers } });

test('a foreign Host header is refused, whatever it is asked for', async () => {
  for (const host of ['evil.example', 'localhost.evil.example', 'evil.example:7878', '', '127.0.0.1.evil'])
    for (const path of ['/', '/api/runs', `/media/${rollout}/hash-of-v.mp4`, '/assets/a.js']) {
      const reply = await get(path, { host });
      expect([host, reply.status]).toEqual([host, 403]);
    }
  for (const host of ['LOCALHOST', '127.0.0.1:1', 'localhost'])
    expect((await get('/api/runs', { host })).status).toBe(200);
});

test('where a token is asked for, nothing is told without it', async () => {
  const app = appOf({ token: 'a token' });
  const status = async (path: string, headers = {}) =>
    (await get(path, { host: 'other.example', ...headers }, app)).status;
  expect(await status('/api/runs')).toBe(403);
  expect(await status('/')).toBe(403);
  expect(await status('/api/runs?token=a+tokem')).toBe(403);
  expect(await status('/api/runs', { authorization: 'Bearer a token' })).toBe(200);
  const opened = await get('/?token=a+token', {}, app);
  const cookie = opened.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/HttpOnly.*SameSite=Strict/);
  expect(await status('/api/runs', { cookie: cookie.split(';')[0] })).toBe(200);
});

test('every answer forbids what pages do not need, and no other site may read it', async () => {
  for (const path of ['/', '/api/runs', '/api/nothing', `/media/${rollout}/hash-of-v.mp4`]) {
    const { headers } = await get(path, { origin: 'http://evil.example' });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|data:|http/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});

test('media are what the store knows by hash, and nothing beside', async () => {
  const whole = await get(`/media/${rollout}/hash-of-v.mp4`);
  expect([whole.status, whole.headers.get('content-type'), await whole.text()]).toEqual([
    200,
    'video/mp4',
    '0123456789',
  ]);
  const part = await get(`/media/${rollout}/hash-of-v.mp4`, { range: 'bytes=2-4' });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
  expect((await get(`/media/${rollout}/hash-of-v.mp4`, { range: 'bytes=10-' })).status).toBe(416);
  const tricks = [
    ...[
      `/media/${rollout}/..%2f..%2fsecret.txt`,
      `/media/${rollout}/hash-of-secret.txt`,
      `/media/${rollout}/hash-of-bad.svg`,
    ],
    ...['/media/1/hash-of-v.mp4', '/media/frames/..%2fsecret.txt', '/media/frames/%2fetc%2fpasswd', '/media/x/y'],
    ...[
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/assets/a.js%00.txt',
      '/assets/../../secret.txt',
    ],
  ];
  for (const path of tricks) {
    const reply = await get(path);
    expect([path, reply.status < 500, (await reply.text()).includes(SECRET)]).toEqual([path, true, false]);
  }
});

test('a link in the folder of pages that leads out of it is not followed by name tricks', async () => {
  symlinkSync(join(made.folder, 'secret.txt'), join(made.folder, 'ui', 'outside.txt'));
  expect(await (await get('/outside.txt')).text()).toBe('<!doctype html>');
  expect((await get('/assets/a.js')).headers.get('content-type')).toContain('javascript');
});

test('errors have one shape, and bugs do not tell what they are', async () => {
  const body = async (path: string) => (await (await get(path)).json()) as { error: { code: string; message: string } };
  expect((await body('/api/runs/nope')).error.code).toBe('unknown-run');
  expect((await body('/api/nothing')).error.code).toBe('no-such-address');
  expect((await body('/api/runs?limit=x')).error).toMatchObject({ code: 'bad-query' });
  expect((await body('/api/traces/abc')).error.code).toBe('bad-query');
  const ask = vi.fn(async () => {
    throw new Error('SQL text and a path');
  }) as unknown as Ask;
  const reply = await get('/api/runs', {}, appOf({ ask }));
  expect([reply.status, (await reply.text()).includes('SQL')]).toEqual([500, false]);
  expect(bugs.at(-1)).toContain('SQL text');
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const other = await appOf().request('/api/runs', { method, ...LOCAL });
    expect(other.status).toBe(404);
  }
});

test('what a model wrote comes as JSON text, a megabyte of it too', async () => {
  const hostile = `</script><img src=x onerror=alert(1)>${'\u2028<b>'.repeat(250_000)}`;
  const store = openStore(made.file);
  const runId = store.findRun('media')?.id ?? 0;
  const stage = store.startStage(runId, 'filter', 'k');
  const row = rowOf('p1', 1);
  store.commitUnit(stage.id, 'hostile', [{ ...row, rollout: { ...row.rollout, text: hostile } }]);
  const id = store.rollouts({ run: runId, limit: 9 }).rows.at(-1)?.id;
  store.close();
  const reply = await get(`/api/traces/${id}`);
  expect(reply.headers.get('content-type')).toContain('application/json');
  expect(((await reply.json()) as { text: string }).text).toBe(hostile);
});

test('frames: the reason why there are none, and pictures only under names that were handed out', async () => {
  const frames = async (changes: Partial<Browser>) =>
    (await get(`/api/traces/${rollout}/frames`, {}, appOf(changes))).json();
  expect(await frames({})).toMatchObject({ frames: [], reason: expect.stringContaining('vauto setup') });
  const failing = new Frames(async () => Promise.reject(new Error('the file cannot be decoded')));
  expect(await frames({ frames: failing })).toMatchObject({ reason: 'the file cannot be decoded' });
  const file = join(made.folder, 'abc-1.png');
  writeFileSync(file, 'png');
  const working = new Frames(async () => [{ seconds: 1.5, file }]);
  expect(await frames({ frames: working })).toMatchObject({
    frames: [{ seconds: 1.5, url: '/media/frames/abc-1.png' }],
  });
  const app = appOf({ frames: working });
  expect(await (await get('/media/frames/abc-1.png', {}, app)).text()).toBe('png');
  expect((await get('/media/frames/abc-2.png', {}, app)).status).toBe(404);
});

test('live: nothing at first, then what changed alone', async () => {
  const reply = await get('/api/live?run=a');
  expect(reply.headers.get('content-type')).toContain('text/event-stream');
  const stream = reply.body?.getReader();
  await new Promise((resolve) => setTimeout(resolve, 550));
  const store = openStore(made.file);
  const runId = store.findRun('a')?.id ?? 0;
  store.addEvent(runId, { level: 'warning', kind: 'late', message: 'something happened' });
  store.changeTags(runId, { add: ['baseline'] });
  store.close();
  const { value } = (await stream?.read()) ?? {};
  await stream?.cancel();
  const events = new TextDecoder().decode(value).split('\n\n').filter(Boolean);
  expect(events.length).toBeLessThanOrEqual(2);
  expect(events.join('\n')).toContain('"baseline"');
});

test('ranges of bytes', () => {
  expect(rangeOf('bytes=0-3', 10)).toEqual([0, 3]);
  expect(rangeOf('bytes=8-99', 10)).toEqual([8, 9]);
  expect(rangeOf('bytes=-3', 10)).toEqual([7, 9]);
  expect(rangeOf('bytes=5-4', 10)).toBe('outside');
  for (const header of [undefined, 'bytes=', 'bytes=-', 'bytes=1-2,4-5', 'lines=1-2'])
    expect(rangeOf(header, 10)).toBeUndefined();
});
