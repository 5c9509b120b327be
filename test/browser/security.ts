import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { TracesAnswer } from '../../orchestrator/browser/api/index.js';
import { startBrowse } from '../fixtures/browse-process.js';
import { ROOT } from '../integration/shared-run.js';
import { becomes } from './look.js';
import type { World } from './world.js';

const SECRET = 'do not tell';

export function security(world: () => World): void {
  test('another host name is refused, as a page elsewhere would give it', async () => {
    for (const host of ['evil.example', `localhost.evil.example:${new URL(world().url).port}`])
      for (const path of ['/', '/api/runs', '/api/live', '/assets/x.js'])
        expect([host, path, (await get(world().url, path, { host })).status]).toEqual([host, path, 403]);
    const right = await get(world().url, '/api/runs', { host: 'localhost', origin: 'http://evil.example' });
    expect([right.status, right.headers['access-control-allow-origin']]).toEqual([200, undefined]);
  });

  test('no path leads to a file that no page needs', async () => {
    writeFileSync(join(world().runs, 'secret.txt'), SECRET);
    const { rows } = await world().api<TracesAnswer>('/api/runs/small/traces?stage=evaluate&limit=1');
    const ups = ['../'.repeat(9), '..%2f'.repeat(9), '%2e%2e/'.repeat(9), '..%5c'.repeat(9), '....//'.repeat(9), '/'];
    const files = [join(world().runs, 'secret.txt'), 'etc/passwd', 'secret.txt'];
    for (const folder of ['/assets/', '/media/', '/media/frames/', `/media/${rows[0]?.id}/`, '/'])
      for (const up of ups)
        for (const file of [...files, ...files.map(encodeURIComponent)]) {
          const { status, body } = await get(world().url, folder + up + file);
          expect([folder + up, status < 500, /root:|do not tell/.test(body)]).toEqual([folder + up, true, false]);
        }
  });

  test('an address that others reach asks for the token that it printed', async () => {
    const open = await startBrowse(world().runs, '--host', '0.0.0.0');
    try {
      const { port, searchParams } = new URL(open.url);
      const own = `http://127.0.0.1:${port}`;
      const token = searchParams.get('token') ?? '';
      expect(token.length).toBeGreaterThan(15);
      await becomes(() => open.log().includes('whoever has the address'), true);
      for (const path of ['/', '/api/runs', '/api/runs?token=no', '/icon.svg'])
        expect((await get(own, path)).status).toBe(403);
      const first = await get(own, `/?token=${token}`);
      const cookie = first.headers['set-cookie']?.[0] ?? '';
      expect([first.status, cookie]).toEqual([200, expect.stringMatching(/HttpOnly.*SameSite=Strict/)]);
      expect((await get(own, '/api/runs', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
      const page = await world().open(`${own}/?token=${token}`);
      await page.getByRole('link', { name: 'small', exact: true }).click();
      await page.locator('table.evaluation').waitFor();
    } finally {
      // The page still listens.
      expect(await open.close()).toBe(0);
    }
  });

  test('nothing is written to the store, whatever is looked at', async () => {
    const listener = new Database(join(world().runs, 'vauto.db'), { readonly: true });
    const changes = () => listener.pragma('data_version', { simple: true });
    const stamp = () =>
      ['vauto.db', 'vauto.db-wal'].map((name) => {
        const found = statSync(join(world().runs, name), { throwIfNoEntry: false });
        return [found?.size ?? 0, found?.mtimeMs ?? 0];
      });
    const before = [changes(), stamp()];
    for (const path of ['', '/runs/small', '/runs/small/sweep', '/runs/small/traces', '/compare?run=small&run=alpha']) {
      const page = await world().open(path);
      await page.locator('main h1').waitFor({ state: 'attached' });
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await get(world().url, '/api/runs/small', {}, method)).status).toBe(404);
    expect([changes(), stamp()]).toEqual(before);
    listener.close();
  });

  test('the pages are at most 200 kB on the wire', () => {
    const folder = join(ROOT, 'dist', 'browser', 'ui');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|css)$/.test(name));
    const bytes = files.map((name) => gzipSync(readFileSync(join(folder, name))).length);
    expect(files.length).toBeGreaterThan(2);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(200_000);
  });
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A request whose path and Host go out as they are: fetch would mend both. Streams are left after their head. */
function get(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, method }, (reply) => {
      const parts: Buffer[] = [];
      reply.on('data', (part: Buffer) => parts.push(part));
      reply.on('error', reject);
      reply.on('end', () =>
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}
