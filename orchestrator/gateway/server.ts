import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { UserError } from '../errors.js';
import { createApp } from './app.js';
import type { Conversation } from './conversation.js';
import { createLimits } from './limits.js';
import { createMetrics } from './metrics.js';
import type { Policy } from './request.js';
import { Savings } from './savings.js';
import { openPool } from './upstream.js';

export interface GatewayOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Public name of the model; default the name that the first server has for it. */
  readonly name: string;
  /** Model servers with the same model. */
  readonly upstreams: readonly string[];
  /** Name of the model on these servers; default the first that each lists. */
  readonly upstreamModel?: string | undefined;
  /** Key that these servers want. */
  readonly upstreamKey?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly policy: Policy;
  readonly threshold: number;
  readonly conversation: Conversation;
  readonly maxRunning: number;
  readonly maxWaiting: number;
  readonly maxBodyBytes: number;
  readonly onLog: (line: string) => void;
  /** Ends the wait for the first server. */
  readonly signal: AbortSignal;
}

export interface RunningGateway {
  readonly url: string;
  /** Takes no new requests, lets those under way end for `graceMs`, then breaks them off. */
  close(graceMs: number): Promise<void>;
}

/** Listens as soon as the first model server is up. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { host, port, upstreams, upstreamModel, upstreamKey, onLog, signal } = options;
  const pool = openPool({ urls: upstreams, model: upstreamModel, apiKey: upstreamKey, onLog });
  try {
    await pool.ready(signal);
    const limits = createLimits(options.maxRunning, options.maxWaiting);
    const { name, policy, threshold, conversation, maxBodyBytes } = options;
    const app = createApp({
      ...{ name, policy, threshold, conversation, maxBodyBytes, onLog, pool, limits },
      apiKey: options.apiKey,
      startedAt: Date.now(),
      metrics: createMetrics(limits, pool),
      savings: new Savings(),
    });
    const server = createAdaptorServer({ fetch: app.fetch }) as import('node:http').Server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
      server.listen(port, host, resolve);
    });
    const address = server.address() as AddressInfo;
    const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return {
      url: `http://${shownHost}:${address.port}`,
      async close(graceMs) {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeIdleConnections();
        const late = setTimeout(() => server.closeAllConnections(), graceMs);
        await closed;
        clearTimeout(late);
        await pool.close();
      },
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): UserError {
  const taken = error.code === 'EADDRINUSE';
  return new UserError({
    code: 'cannot-listen',
    kind: 'environment',
    message: taken ? `port ${port} of ${host} is in use` : `cannot listen on ${host}:${port}: ${error.message}`,
    fix: taken ? 'give another one with --port' : 'give another address with --host',
  });
}
