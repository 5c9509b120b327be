import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Params } from '../bridge/index.js';
import { UserError } from '../errors.js';

export interface LocalServerOptions {
  /** The Python that has vLLM. */
  readonly python: string;
  /** Folder of vauto's Python package. */
  readonly pythonPath: string;
  /** Model, engine arguments and video limits, as a rollout worker loads them. */
  readonly engine: Params<'rollout.load'>;
  readonly name: string;
  readonly onLog: (line: string) => void;
}

/** vLLM's own server in a process of ours, with vauto's early exit inside. */
export interface LocalServer {
  readonly url: string;
  /** Rejects with the reason when vLLM ends before it has answered once. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

const GRACE_MS = 10_000;
const LONGEST_PAUSE_MS = 30_000;
const TAIL_LINES = 40;

/** Starts vLLM on a port of the loopback; when it dies it is started again, with growing pauses. */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { python, pythonPath, engine, name, onLog } = options;
  const port = await freePort();
  const parameters = { ...engine, host: '127.0.0.1', port, name };
  const url = `http://127.0.0.1:${port}`;
  const tail: string[] = [];
  let closing = false;
  let group: number | undefined;
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});

  async function keepRunning(): Promise<void> {
    for (let pause = 1000; !closing; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
      const child = execa(python, ['-m', 'vauto_worker.http_server', JSON.stringify(parameters)], {
        env: { ...process.env, PYTHONPATH: pythonPath },
        detached: true,
        reject: false,
        stdin: 'ignore',
        all: true,
        buffer: false,
      });
      group = child.pid;
      // When the server alone is killed its engine lives on, and holds memory and pipes.
      child.once('exit', () => signalGroup(child.pid, 'SIGKILL'));
      void readLines(child.all, (line) => {
        onLog(line);
        tail.push(line);
        if (tail.length > TAIL_LINES) tail.shift();
      });
      const { exitCode, signal } = await child;
      group = undefined;
      if (closing) return;
      fail(cannotStart(tail));
      onLog(`vLLM ended (${signal ?? `status ${exitCode}`}); it is started again in ${pause / 1000} s`);
      await sleep(pause);
    }
  }
  const running = keepRunning();
  return {
    url,
    failed,
    async close() {
      closing = true;
      signalGroup(group, 'SIGTERM');
      const ended = await Promise.race([running.then(() => true), sleep(GRACE_MS, false)]);
      if (!ended) signalGroup(group, 'SIGKILL');
    },
  };
}

function cannotStart(tail: readonly string[]): UserError {
  const reason =
    tail.findLast((line) => /error/i.test(line) && !/https?:\/\//.test(line)) ?? tail.at(-1) ?? 'it said nothing';
  return new UserError({
    code: 'vllm-failed',
    kind: 'environment',
    message: `vLLM did not come up: ${reason.trim()}`,
    fix: 'its whole log is at --log FILE; vauto doctor checks the environment',
  });
}

async function readLines(stream: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  for await (const piece of stream) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  }
  if (rest !== '') onLine(rest);
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // Gone already.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
