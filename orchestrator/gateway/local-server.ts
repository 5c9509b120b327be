import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { collectLines, type Params, signalProcess } from '../bridge/index.js';
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

/** Starts vLLM on a port of the loopback; when it dies it is started again, with growing pauses. */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { python, pythonPath, engine, name, onLog } = options;
  const port = await freePort();
  const parameters = { ...engine, host: '127.0.0.1', port, name };
  const url = `http://127.0.0.1:${port}`;
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
      const tail = collectLines([child.all], onLog);
      const { exitCode, signal } = await child;
      group = undefined;
      if (closing) return;
      await tail.ended;
      fail(cannotStart(tail.lines));
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

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader !== undefined) signalProcess(-leader, signal);
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

/** A port of the loopback that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
