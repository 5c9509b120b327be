import { UserError } from '../errors.js';
import { WorkerError, type WorkerFailure } from './errors.js';
import type { FromChild } from './messages.js';
import type { WorkerProcess } from './process.js';
import { parseEvents, parseQuestion, parseReply, type RaisedError } from './replies.js';
import { watchSilence } from './watch.js';

export interface CallOptions {
  /** One-way events of the running call, in order. */
  readonly onEvent?: (name: string, payload: unknown) => void;
  /** Answers to what Python asks during the call, by name. */
  readonly handlers?: Readonly<Record<string, (payload: unknown) => Promise<unknown>>>;
  /** Milliseconds for the whole call; default: no limit. */
  readonly timeoutMs?: number;
  /** Milliseconds without an event or a question, while Python is not waiting for an answer; default: no limit. */
  readonly silenceMs?: number;
  /** Cancels the call: it rejects with the signal's reason as soon as Python has let go. */
  readonly signal?: AbortSignal;
}

export interface CallRequest {
  readonly worker: string;
  readonly id: number;
  readonly method: string;
  /** JSON text. */
  readonly params: string;
}

export interface CallLimits {
  /** Milliseconds without even a heartbeat: the interpreter is stopped or stuck in a library that holds its lock. */
  readonly heartbeatMs: number;
  /** Milliseconds that a cancelled call has to end by itself. */
  readonly cancelGraceMs: number;
}

/** A failure after which the process must not be used again. */
export class LostProcess {
  constructor(readonly error: unknown) {}
}

/** Runs one call on a process that is idle; resolves with the parsed result. Rejects with LostProcess where the process has to go. */
export function runCall(
  process: WorkerProcess,
  request: CallRequest,
  options: CallOptions,
  limits: CallLimits,
): Promise<unknown> {
  const { onEvent = () => {}, handlers = {}, signal } = options;
  const fail = (code: WorkerFailure, message: string): WorkerError =>
    new WorkerError({
      code,
      message: `${request.method}: ${message}`,
      worker: request.worker,
      method: request.method,
      logTail: process.tail(),
    });

  return new Promise((resolve, reject) => {
    let handlerError: unknown;
    const finish = (settle: () => void): void => {
      watch.end();
      process.listen(() => {});
      signal?.removeEventListener('abort', cancel);
      settle();
    };
    const lose = (error: unknown): void => finish(() => reject(new LostProcess(error)));
    const watch = watchSilence({
      ...limits,
      timeoutMs: options.timeoutMs,
      silenceMs: options.silenceMs,
      onTimeout: (ms) => lose(fail('timeout', `took longer than ${ms / 1000} s`)),
      onSilence: (ms, what) => {
        // The stacks reach the log, and so the error's tail, before the process is killed.
        process.dumpStacks();
        setTimeout(() => lose(fail('hung', `no ${what} for ${ms / 1000} s`)), 150);
      },
    });
    const cancel = (): void => {
      process.send({ kind: 'cancel', id: request.id });
      watch.cancelled(() => lose(signal?.reason));
    };
    const deliver = (events: readonly [string, unknown][]): void => {
      for (const [name, payload] of events) onEvent(name, payload);
    };
    const answer = async (question: string): Promise<void> => {
      const [name, payload] = parseQuestion(request.method, question);
      watch.pause();
      try {
        const handler = handlers[name];
        if (!handler) throw new Error(`${request.method} asked ${name}, which nobody answers`);
        const value = (await handler(payload)) ?? null;
        process.send({ kind: 'answer', answer: JSON.stringify({ value }) });
      } catch (error) {
        handlerError ??= error;
        process.send({
          kind: 'answer',
          answer: JSON.stringify({ error: error instanceof Error ? error.message : String(error) }),
        });
      }
      watch.resume();
    };
    const settle = (text: string): void => {
      const reply = parseReply(request.method, text);
      deliver(reply.events);
      if (signal?.aborted) finish(() => reject(signal.reason));
      else if (reply.error === undefined) finish(() => resolve(reply.ok));
      // Python only reports that its question failed; the cause is here.
      else finish(() => reject(handlerError ?? raised(request, reply.error as RaisedError)));
    };
    const receive = (message: FromChild): void => {
      if (message.kind === 'result') settle(message.reply);
      else if (message.kind === 'ask') void answer(message.question).catch(lose);
      else if (message.kind === 'failed') lose(fail('died', message.message));
      else if (message.kind === 'events') {
        const events = parseEvents(request.method, message.events);
        watch.alive(events.length > 0);
        deliver(events);
      }
    };

    process.listen((message) => {
      try {
        receive(message);
      } catch (error) {
        lose(error);
      }
    });
    void process.died.then((reason) => lose(signal?.aborted ? signal.reason : fail('died', reason)));
    process.send({ kind: 'call', id: request.id, method: request.method, params: request.params });
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
  });
}

function raised(request: CallRequest, error: RaisedError): Error {
  if (error.user) {
    const { code, kind, fix } = error.user;
    return new UserError({ code, kind, message: error.message, ...(fix === '' ? {} : { fix }) });
  }
  return new WorkerError({
    code: 'raised',
    message: `${request.method} raised ${error.type}: ${error.message}`,
    worker: request.worker,
    method: request.method,
    pythonType: error.type,
    traceback: error.traceback,
  });
}
