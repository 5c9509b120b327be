import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.js';
import { type Client, createClient } from '../rollout/openai/client.js';
import { RequestFault } from '../rollout/openai/faults.js';
import { createTarget, readAll, send } from '../rollout/openai/http.js';
import { meetServer, type Server } from '../rollout/openai/server.js';
import type { ExitMode } from './auto-think.js';
import { ApiError } from './errors.js';

/** A vLLM server behind the gateway, as far as a request needs to know it. */
export interface Upstream {
  readonly url: string;
  readonly client: Client;
  /** Name that the server has for its model. */
  readonly model: string;
  readonly maxModelLen: number | undefined;
  /** How it ends a request early; undefined where it gives no log-probabilities. */
  readonly exit: ExitMode | undefined;
}

export interface PoolOptions {
  readonly urls: readonly string[];
  /** Served name; default the first of each server's list. */
  readonly model?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly onLog: (line: string) => void;
}

/** Several servers with the same model; each request goes to the one with the fewest under way. */
export interface Pool {
  /** Throws ApiError 503 when none is up. `without`: those that have just failed this request. */
  pick(without?: ReadonlySet<string>): Upstream;
  /** Counts a request; call what it returns when the request is over. */
  began(upstream: Upstream): () => void;
  /** A server that could not be reached takes no requests until it answers again. */
  lost(upstream: Upstream): void;
  states(): readonly UpstreamState[];
  /** Resolves when the first server is up. Rejects with the user's error when none can ever be (no such model). */
  ready(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface UpstreamState {
  readonly url: string;
  readonly up: boolean;
  readonly running: number;
  readonly exit: ExitMode | null;
}

interface Member {
  readonly url: string;
  readonly client: Client;
  readonly close: () => void;
  readonly answers: (signal: AbortSignal) => Promise<boolean>;
  upstream: Upstream | undefined;
  up: boolean;
  running: number;
}

const HEALTH_MS = 1000;
/** A server that says nothing for so long in the middle of a completion counts as gone. */
const SILENCE_MS = 120_000;
/** Attempts are the pool's business: it knows other servers. */
const ONCE = { attempts: 1, baseMs: 0, mostMs: 0 };

export function openPool({ urls, model, apiKey, onLog }: PoolOptions): Pool {
  const closed = new AbortController();
  const members = urls.map((url) => createMember(url, apiKey));
  let fatal: UserError | undefined;

  async function watch(member: Member): Promise<void> {
    while (!closed.signal.aborted) {
      const up = await member.answers(closed.signal);
      if (up && member.upstream === undefined) await meet(member);
      if (up !== member.up && (member.upstream !== undefined || !up)) {
        member.up = up;
        onLog(up ? `${member.url} is up` : `${member.url} does not answer`);
      }
      await sleep(HEALTH_MS, undefined, { signal: closed.signal }).catch(() => {});
    }
  }

  async function meet(member: Member): Promise<void> {
    try {
      const server = await meetServer(member.client, member.url, model, closed.signal);
      const exit = await exitModeOf(member.client, server, closed.signal);
      const { model: name, maxModelLen } = server;
      member.upstream = { url: member.url, client: member.client, model: name, maxModelLen, exit };
      onLog(
        `${member.url}: ${server.info.version}, model ${name}, early exit ${exit ?? 'impossible (no log-probabilities)'}`,
      );
    } catch (error) {
      if (closed.signal.aborted) return;
      if (error instanceof UserError) fatal = error;
      onLog(`${member.url}: ${(error as Error).message}`);
    }
  }

  const watching = members.map(watch);
  return {
    pick(without = new Set()) {
      const ready = members.filter(({ up, url, upstream }) => up && upstream !== undefined && !without.has(url));
      const best = ready.sort((a, b) => a.running - b.running)[0]?.upstream;
      if (best !== undefined) return best;
      const message = without.size > 0 ? 'the model server went away' : 'no model server is up';
      throw new ApiError(503, 'no_upstream', message, { retryAfter: 2 });
    },
    began(upstream) {
      const member = members.find(({ url }) => url === upstream.url);
      if (member === undefined) return () => {};
      member.running += 1;
      return () => {
        member.running -= 1;
      };
    },
    lost(upstream) {
      const member = members.find(({ url }) => url === upstream.url);
      if (member?.up) onLog(`${upstream.url} went away`);
      if (member !== undefined) member.up = false;
    },
    states: () => members.map(({ url, up, running, upstream }) => ({ url, up, running, exit: upstream?.exit ?? null })),
    async ready(signal) {
      while (!members.some(({ up }) => up)) {
        if (fatal !== undefined) throw fatal;
        signal.throwIfAborted();
        await sleep(50);
      }
    },
    async close() {
      closed.abort(new Error('the gateway ends'));
      await Promise.all(watching);
      for (const member of members) member.close();
    },
  };
}

function createMember(address: string, apiKey: string | undefined): Member {
  const url = address.replace(/\/+$/, '').replace(/\/v1$/, '');
  const target = createTarget(url, { apiKey, silenceMs: SILENCE_MS });
  return {
    url,
    client: createClient(target, ONCE),
    close: () => target.agent.destroy(),
    async answers(signal) {
      try {
        const reply = await send(target, '/health', undefined, AbortSignal.any([signal, AbortSignal.timeout(5000)]));
        await readAll(reply);
        return reply.status === 200;
      } catch {
        return false;
      }
    },
    upstream: undefined,
    up: false,
    running: 0,
  };
}

/**
 * Asks for something that vauto's logits processor refuses: where it is installed, the server says so; any other passes over
 * arguments that it does not know.
 */
async function exitModeOf(
  client: Client,
  { model, logprobs }: Server,
  signal: AbortSignal,
): Promise<ExitMode | undefined> {
  if (logprobs === 'none') return undefined;
  if (logprobs === 'reply') return 'two-requests';
  const body = {
    model,
    messages: [{ role: 'user' as const, content: 'Hello' }],
    max_tokens: 1,
    vllm_xargs: { vauto_threshold: 2 },
  };
  try {
    await client.complete(body, { signal, seed: 0, hasMedia: false });
    return 'stream';
  } catch (error) {
    if (error instanceof RequestFault && error.message.includes('vauto_threshold')) return 'engine';
    if (error instanceof RequestFault) return 'stream';
    throw error;
  }
}
