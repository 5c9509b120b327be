import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { UserError } from '../errors.js';
import { collectLines } from './log-tail.js';
import type { FromChild, ToChild } from './messages.js';

export interface ProcessOptions {
  /** The Python interpreter. */
  readonly python: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
  /** Milliseconds for Python to come up. */
  readonly startMs: number;
}

/** A running child with its Python process. */
export interface WorkerProcess {
  readonly pid: number;
  readonly pythonPid: number;
  /** Settles with the reason as soon as child or Python is gone. */
  readonly died: Promise<string>;
  send(message: ToChild): void;
  listen(listener: (message: FromChild) => void): void;
  tail(): readonly string[];
  /** Asks Python where it hangs: its stacks go to the log. */
  dumpStacks(): void;
  /** Orderly end within `graceMs`, then by force; resolves when nothing of it is left. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a child in a process group of its own and waits until its Python is ready. */
export async function startProcess(options: ProcessOptions): Promise<WorkerProcess> {
  const child = spawnChild(options);
  const pid = child.pid ?? 0;
  const log = collectLines([child.stdout, child.stderr], options.onLine);
  const { listen, ready, died, exited } = follow(child, options.python);
  // The streams end after the process: only then is the tail whole. A grandchild may hold them open, so not for long.
  const settled = died.then(async (reason) => {
    await Promise.race([log.ended, delay(200)]);
    return reason;
  });
  const stop = async (graceMs: number): Promise<void> => {
    send(child, { kind: 'stop' });
    if (graceMs > 0) await Promise.race([exited, delay(graceMs)]);
    killGroup(pid);
    await exited;
    await groupEnded(pid);
  };
  try {
    const pythonPid = await Promise.race([ready, diedEarly(settled, log.lines), late(options.startMs)]);
    return {
      pid,
      pythonPid,
      died: settled,
      send: (message) => send(child, message),
      listen,
      tail: () => [...log.lines],
      dumpStacks: () => void signalProcess(pythonPid, 'SIGUSR1'),
      stop,
    };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

function spawnChild({ python, env }: ProcessOptions) {
  return execa(process.execPath, [childFile()], {
    env: { ...env, PYTHON_BIN: python, PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8:backslashreplace' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    ipc: true,
    // Strings of many megabytes cross as they are, not as JSON once more.
    serialization: 'advanced',
    // Its own group: Ctrl-C does not reach it, and one kill ends all that Python started.
    detached: true,
    buffer: false,
    reject: false,
  });
}
type Child = ReturnType<typeof spawnChild>;

/** What becomes of the child, as promises, and its messages. */
function follow(child: Child, python: string) {
  let listener: (message: FromChild) => void = () => {};
  let announceDeath: (reason: string) => void = () => {};
  const died = new Promise<string>((resolve) => {
    announceDeath = resolve;
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      // What Python started (dataloaders, engine cores) may outlive both.
      killGroup(child.pid ?? 0);
      announceDeath(`its Node process ended ${howEnded(code, signal)}`);
      resolve();
    });
  });
  const ready = new Promise<number>((resolve, reject) => {
    child.on('message', (message: FromChild) => {
      if (message.kind === 'ready') resolve(message.pid);
      else if (message.kind === 'python-exit') announceDeath(`Python ended ${howEnded(message.code, message.signal)}`);
      else {
        if (message.kind === 'failed') reject(startError(python, message));
        listener(message);
      }
    });
  });
  const listen = (next: (message: FromChild) => void): void => {
    listener = next;
  };
  return { listen, ready, died, exited };
}

/** A channel that closes in this moment shows as a death. */
function send(child: Child, message: ToChild): void {
  if (child.connected) child.send(message, () => {});
}

/** child.js lies beside this file in dist/; under a TypeScript runner it is the built one. */
function childFile(): string {
  for (const place of ['./child.js', '../../dist/bridge/child.js']) {
    const file = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(file)) return file;
  }
  throw new Error('dist/bridge/child.js is missing: run `npm run build`');
}

function startError(python: string, { message, missing }: { message: string; missing: boolean }): Error {
  if (!missing) return new Error(`the Python worker did not start: ${message}`);
  return new UserError({
    code: 'python-missing',
    kind: 'dependency',
    message: `${python}: no Python interpreter that can be run`,
    fix: 'run `vauto setup`, or set VAUTO_PYTHON to the interpreter of an environment that has the packages',
  });
}

async function diedEarly(died: Promise<string>, tail: readonly string[]): Promise<never> {
  const reason = await died;
  throw new Error(`the Python worker did not start: ${reason}\n${tail.join('\n')}`);
}

async function late(startMs: number): Promise<never> {
  await delay(startMs);
  throw new Error(`the Python worker was not ready after ${startMs / 1000} s`);
}

function howEnded(code: number | null, signal: string | null): string {
  return signal === null ? `with status ${code ?? 'unknown'}` : `by ${signal}`;
}

/** Waits until the kernel has carried out the kill; not for long, as nobody may be there to collect the dead. Keeps this process running: the child no longer does. */
async function groupEnded(pid: number): Promise<void> {
  for (let waited = 0; waited < 1000 && signalProcess(-pid, 0); waited += 10) await sleep(10);
}

function killGroup(pid: number): void {
  if (pid > 0) signalProcess(-pid, 'SIGKILL');
}

/** Signals a process, or with a negative id its group; whether there was anybody to get it. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Does not keep this process running. */
function delay(ms: number): Promise<void> {
  return sleep(ms, undefined, { ref: false });
}
