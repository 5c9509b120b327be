import type { CallOptions } from './call.js';
import { WorkerError } from './errors.js';
import type { MethodName, Params, Result } from './protocol.js';
import type { Worker } from './worker.js';

export interface RetryOptions extends CallOptions {
  /** How many processes one request may cost; default 2. */
  readonly deaths?: number;
  /** Called before each further attempt, with the error: what the dead process had loaded has to be loaded again. */
  readonly beforeRetry?: (error: WorkerError) => Promise<void>;
}

/**
 * Calls, and calls again when the process was lost during the call. A request that loses `deaths` processes is not the
 * machine's fault: WorkerError `poisoned`, with the last failure as its cause. Exceptions of the method are not retried.
 */
export function callRetrying<M extends MethodName>(
  worker: Worker,
  method: M,
  params: Params<M>,
  options: RetryOptions = {},
): Promise<Result<M>> {
  return retrying(worker.kind, method, options, (callOptions) => worker.call(method, params, callOptions));
}

/** The policy of `callRetrying` around any call. */
export async function retrying<T>(
  worker: string,
  method: string,
  { deaths = 2, beforeRetry, ...callOptions }: RetryOptions,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  for (let death = 1; ; death += 1) {
    try {
      return await call(callOptions);
    } catch (error) {
      if (!isLoss(error)) throw error;
      if (death >= deaths) throw poisoned(worker, method, deaths, error);
      await beforeRetry?.(error);
    }
  }
}

function isLoss(error: unknown): error is WorkerError {
  return error instanceof WorkerError && (error.code === 'died' || error.code === 'hung');
}

function poisoned(worker: string, method: string, deaths: number, cause: WorkerError): WorkerError {
  const message = `${method}: the request ended ${deaths} processes; the last time: ${cause.message}`;
  return new WorkerError({ code: 'poisoned', message, worker, method, logTail: cause.logTail, cause });
}
