import { Worker } from 'node:worker_threads';
import type { Question, Reader } from './reader/index.js';
import { Refusal } from './reader/refusal.js';

export type Answer<Name extends Question> = ReturnType<Reader[Name]>;
export type Ask = <Name extends Question>(name: Name, given: unknown) => Promise<Answer<Name>>;

/** A question that takes longer is broken off. */
const TIME_LIMIT_MS = 20_000;

export interface Asked {
  readonly id: number;
  readonly name: Question;
  readonly given: unknown;
}
export type Told =
  | { readonly id: number; readonly answer: unknown }
  | {
      readonly id: number;
      readonly refusal: {
        readonly status: Refusal['status'];
        readonly code: string;
        readonly message: string;
        readonly fix?: string;
      };
    }
  | { readonly id: number; readonly bug: string };

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** A reader in a thread of its own: SQLite answers synchronously, and a thread can be ended. It starts again by itself. */
export class ReaderThread {
  #worker: Worker | undefined;
  #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(readonly file: string) {}

  /** Rejects with Refusal: what the reader refuses, and 503 `too-slow` after twenty seconds. */
  readonly ask: Ask = (name, given) => {
    const id = this.#next++;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id, name, given } satisfies Asked);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#breakOff(), TIME_LIMIT_MS);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  };

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#rejectAll(new Refusal(503, 'closing', 'the server is closing'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reader-thread.js', import.meta.url), { workerData: this.file });
    worker.on('message', (told: Told) => this.#settle(told));
    const lost = (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#rejectAll(error);
    };
    worker.on('error', lost);
    worker.on('exit', () => lost(new Error('the reader ended')));
    worker.unref();
    return worker;
  }

  #settle(told: Told): void {
    const waiting = this.#waiting.get(told.id);
    if (waiting === undefined) return;
    this.#waiting.delete(told.id);
    clearTimeout(waiting.timer);
    if ('answer' in told) waiting.resolve(told.answer as never);
    else if ('bug' in told) waiting.reject(new Error(told.bug));
    else {
      const { status, code, message, fix } = told.refusal;
      waiting.reject(new Refusal(status, code, message, fix));
    }
  }

  #breakOff(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    this.#rejectAll(
      new Refusal(503, 'too-slow', `no answer within ${TIME_LIMIT_MS / 1000} s`, 'narrow the question, or try again'),
    );
  }

  #rejectAll(error: Error): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
  }
}
