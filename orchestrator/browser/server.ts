import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createAdaptorServer } from '@hono/node-server';
import { UserError } from '../errors.js';
import { openViewer } from '../store/index.js';
import { createApp } from './app.js';
import { type FrameSource, Frames } from './frames.js';
import { ReaderThread } from './thread.js';

export interface BrowserOptions {
  /** The store. */
  readonly file: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What a client must show; made by the server for an address that others reach, unless given. */
  readonly token?: string | undefined;
  /** None: pages say that frames need Python. */
  readonly frames?: FrameSource | undefined;
  readonly onLog: (line: string) => void;
}

export interface RunningBrowser {
  /** The address to open, with the token when there is one. */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens. Throws UserErrors: those of the store, `cannot-listen`, `no-pages`. */
export async function startBrowser(options: BrowserOptions): Promise<RunningBrowser> {
  const { file, host, port, onLog } = options;
  openViewer(file).close();
  const pages = join(import.meta.dirname, 'ui');
  if (!existsSync(join(pages, 'index.html'))) throw noPages();
  const token = options.token ?? (isLoopback(host) ? undefined : randomBytes(18).toString('base64url'));
  const [reader, table] = [new ReaderThread(file), new ReaderThread(file)];
  const app = createApp({
    ...{ ask: reader.ask, askTable: table.ask, frames: new Frames(options.frames), pages, token },
    hosts: [...new Set(['localhost', '127.0.0.1', '[::1]', host.includes(':') ? `[${host}]` : host])],
    onBug: onLog,
  });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await listen(server, host, port);
  const indexer = startIndexer(file, onLog);
  const { address, family, port: taken } = server.address() as AddressInfo;
  const shown = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${shown}:${taken}/${token === undefined ? '' : `?token=${token}`}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, indexer.terminate(), reader.close(), table.close()]);
    },
  };
}

/** Search is behind, or not there (a folder that cannot be written to); everything else works without it. */
function startIndexer(file: string, onLog: (line: string) => void): Worker {
  const worker = new Worker(new URL('./index-thread.js', import.meta.url), { workerData: file });
  worker.on('error', (error) => onLog(`search is not kept up to date: ${error.message}`));
  worker.unref();
  return worker;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const message = taken
        ? `port ${port} of ${host} is in use`
        : `cannot listen on ${host}:${port}: ${error.message}`;
      const fix = taken ? 'give another one with --port' : 'give another address with --host';
      reject(new UserError({ code: 'cannot-listen', kind: 'environment', message, fix }));
    });
    server.listen(port, host, resolve);
  });
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function noPages(): UserError {
  return new UserError({
    code: 'no-pages',
    kind: 'dependency',
    message: 'the pages of the run browser are not built',
    fix: 'npm run build',
  });
}
