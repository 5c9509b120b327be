import PQueue from 'p-queue';
import { UserError } from '../errors.js';
import { type CallLimits, type CallOptions, LostProcess, runCall } from './call.js';
import { WorkerError } from './errors.js';
import { startProcess, type WorkerProcess } from './process.js';
import { type Method, type MethodName, methods, type Params, type Result } from './protocol.js';
import { checked, checkedOptions } from './validate.js';

/** One supervised Python process. Calls run one after another; a process that died is replaced at the next call. */
export interface Worker {
  readonly kind: string;
  /** How many processes were started so far: what a call left in Python (a loaded engine) is gone when it rises. */
  readonly starts: number;
  /** Process id of Python, while there is one. */
  readonly pid: number | undefined;
  /**
   * Runs a method and resolves with its checked result. Rejects with UserError (Python's UserFault), WorkerError,
   * the error of a handler, or the signal's reason.
   */
  call<M extends MethodName>(method: M, params: Params<M>, options?: CallOptions): Promise<Result<M>>;
  /** The same for a method that the protocol does not list; nothing is checked. */
  callRaw(method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  /** Ends the process; a running call rejects with `stopped`. The next call starts a new one. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly python: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Each line that Python prints, on either stream. */
  readonly onLog: (line: string) => void;
  /** Milliseconds for Python to come up. */
  readonly startMs: number;
  /** Milliseconds for an idle Python to end by itself. */
  readonly stopGraceMs: number;
  readonly limits: CallLimits;
  /** Once true, no call starts a process any more. */
  readonly isClosed: () => boolean;
}

/** Makes a worker; its process starts with the first call. */
export function createWorker(kind: string, options: WorkerOptions): Worker {
  const queue = new PQueue({ concurrency: 1 });
  let process: WorkerProcess | undefined;
  let starting: Promise<WorkerProcess> | undefined;
  let busy: string | undefined;
  let stopping = false;
  let starts = 0;
  let calls = 0;

  async function start(method: string): Promise<WorkerProcess> {
    starts += 1;
    try {
      return await startProcess({ ...options, onLine: options.onLog });
    } catch (error) {
      if (error instanceof UserError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new WorkerError({ code: 'died', message, worker: kind, method, cause: error });
    }
  }

  /** The process to use: the idle one, or a new one. */
  async function ready(method: string): Promise<WorkerProcess> {
    if (process) return process;
    starting = start(method);
    try {
      const started = await starting;
      process = started;
      // A process that dies between calls is not offered to the next.
      void started.died.then(() => {
        if (process === started) process = undefined;
      });
      return started;
    } finally {
      starting = undefined;
    }
  }

  async function run(method: string, params: unknown, callOptions: CallOptions): Promise<unknown> {
    callOptions.signal?.throwIfAborted();
    const text = JSON.stringify(params);
    const running = await ready(method);
    calls += 1;
    busy = method;
    try {
      return await runCall(running, { worker: kind, id: calls, method, params: text }, callOptions, options.limits);
    } catch (error) {
      if (!(error instanceof LostProcess)) throw error;
      if (process === running) process = undefined;
      await running.stop(0);
      throw stopping ? stopped(method) : error.error;
    } finally {
      busy = undefined;
    }
  }

  function stopped(method: string): WorkerError {
    return new WorkerError({ code: 'stopped', message: `${method}: the worker was stopped`, worker: kind, method });
  }

  function callRaw(method: string, params: unknown, callOptions: CallOptions = {}): Promise<unknown> {
    const { signal } = callOptions;
    const job = (): Promise<unknown> =>
      stopping || options.isClosed() ? Promise.reject(stopped(method)) : run(method, params, callOptions);
    // The queue's own signal only concerns waiting calls; a running one ends through its cancellation.
    return signal === undefined ? queue.add(job) : whileWaiting(queue, job, signal);
  }

  return {
    kind,
    get starts() {
      return starts;
    },
    get pid() {
      return process?.pythonPid;
    },
    callRaw,
    async call(method, params, callOptions = {}) {
      const definition: Method = methods[method];
      const result = await callRaw(
        method,
        checked(definition.params, params, `parameters of ${method}`),
        checkedOptions(method, definition, callOptions),
      );
      return checked(definition.result, result, `result of ${method}`) as Result<typeof method>;
    },
    async stop() {
      stopping = true;
      try {
        const running = process ?? (await starting?.catch(() => undefined));
        process = undefined;
        await running?.stop(busy === undefined ? options.stopGraceMs : 0);
        await queue.onIdle();
      } finally {
        stopping = false;
      }
    },
  };
}

/** Queues a job that can be given up while it waits. */
async function whileWaiting<T>(queue: PQueue, job: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let giveUp = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
  });
  let done: Promise<T> | undefined;
  const started = new Promise<void>((resolve) => {
    done = queue.add(() => {
      resolve();
      return job();
    });
  });
  try {
    await Promise.race([started, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    aborted.catch(() => {});
    done?.catch(() => {});
  }
  return done as Promise<T>;
}
