/**
 * The process that owns pythonia, and with it one Python process (pythonia allows one a Node process).
 * Started by process.ts in a process group of its own; passes calls on and reports what becomes of Python.
 */
import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import type { FromChild, ToChild } from './messages.js';

interface Serve {
  connect(
    parent: number,
    post: (events: string) => string,
    ask: (question: string) => Promise<string>,
  ): Promise<string>;
  call$(method: string, params: string, options: { $timeout: number }): Promise<string>;
}
interface Pythonia {
  python(module: string): Promise<Serve>;
  com: { proc: ChildProcess };
}

let cancelled = false;
let answerPending: ((answer: string) => void) | undefined;

/** Python's way to send events; the return value tells it whether anyone still waits. */
function post(events: string): string {
  send({ kind: 'events', events });
  return cancelled ? 'cancel' : 'go';
}

function ask(question: string): Promise<string> {
  return new Promise((resolve) => {
    answerPending = resolve;
    send({ kind: 'ask', question });
  });
}

function send(message: FromChild, sent?: () => void): void {
  // Without a channel there is nobody to tell, and `disconnect` ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => sent?.());
  else sent?.();
}

async function call(serve: Serve, id: number, method: string, params: string): Promise<void> {
  cancelled = false;
  const reply = await serve.call$(method, params, { $timeout: Number.POSITIVE_INFINITY });
  send({ kind: 'result', id, reply });
}

function startPython(): { python: ChildProcess; serve: () => Promise<Serve> } {
  // pythonia prints each message when DEBUG is set, and Python's safe path hides pythonia's own modules from it.
  delete process.env.DEBUG;
  delete process.env.PYTHONSAFEPATH;
  // Loading it starts Python; by `require`, so that the listeners are there before the first event.
  const pythonia = createRequire(import.meta.url)('pythonia') as Pythonia;
  const python = pythonia.com.proc;
  python.on('error', (error: NodeJS.ErrnoException) =>
    fail(error.message, error.code === 'ENOENT' || error.code === 'EACCES'),
  );
  python.on('exit', (code, signal) => send({ kind: 'python-exit', code, signal }, () => process.exit(1)));
  return { python, serve: () => pythonia.python('vauto_worker.serve') };
}

function fail(message: string, missing = false): void {
  send({ kind: 'failed', message, missing }, () => process.exit(1));
}

/** The supervisor is gone, however it went: nothing that was started here may outlive it. */
function endGroup(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.exit(1);
  }
}

process.on('disconnect', endGroup);
// It may have gone while this process came up, before anybody listened.
if (!process.connected) endGroup();
// The terminal's Ctrl-C is for the supervisor.
process.on('SIGINT', () => {});
process.on('unhandledRejection', (reason) =>
  fail(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)),
);

const { python, serve: load } = startPython();
const serve = await load();
process.on('message', (message: ToChild) => {
  if (message.kind === 'call') void call(serve, message.id, message.method, message.params);
  else if (message.kind === 'cancel') cancelled = true;
  else if (message.kind === 'answer') answerPending?.(message.answer);
  // Python reads the end of its channel, leaves its loop and runs its exit handlers.
  else python.disconnect();
});
const hello = JSON.parse(await serve.connect(process.pid, post, ask)) as { pid: number; python: string };
send({ kind: 'ready', ...hello });
