/**
 * How a call to Python failed.
 * `raised`: the method raised an exception. `died`: the process ended during the call. `hung`: no sign of life, or no
 * progress, for longer than allowed. `timeout`: the call took longer than its limit. `stopped`: the worker was stopped.
 * `poisoned`: the request ended several processes.
 */
export type WorkerFailure = 'raised' | 'died' | 'hung' | 'timeout' | 'stopped' | 'poisoned';

export interface WorkerErrorFields {
  readonly code: WorkerFailure;
  readonly message: string;
  /** Name of the worker (`engine`, `trainer`, `math`). */
  readonly worker: string;
  readonly method: string;
  /** Class of the Python exception, for `raised`. */
  readonly pythonType?: string;
  /** Python's traceback, for `raised`. */
  readonly traceback?: string;
  /** Last lines that the process wrote, for a process that died or hung. */
  readonly logTail?: readonly string[];
  readonly cause?: unknown;
}

/** A call to a Python worker that failed for another reason than the user's input. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  readonly code: WorkerFailure;
  readonly worker: string;
  readonly method: string;
  readonly pythonType: string | undefined;
  readonly traceback: string | undefined;
  readonly logTail: readonly string[];

  constructor(fields: WorkerErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.worker = fields.worker;
    this.method = fields.method;
    this.pythonType = fields.pythonType;
    this.traceback = fields.traceback;
    this.logTail = fields.logTail ?? [];
    // Where it failed is in Python: that is the trace worth printing.
    const details = this.traceback ?? this.logTail.join('\n');
    if (details !== '') this.stack = `${this.stack ?? this.message}\n--- Python ---\n${details}`;
  }
}
