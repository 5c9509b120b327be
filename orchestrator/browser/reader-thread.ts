/** The thread of a reader: questions in, answers out, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { openReader, type Reader } from './reader/index.js';
import { Refusal } from './reader/refusal.js';
import type { Asked, Told } from './thread.js';

let reader: Reader | undefined;

parentPort?.on('message', ({ id, name, given }: Asked) => {
  parentPort?.postMessage(answerTo(id, name, given));
});

function answerTo(id: number, name: Asked['name'], given: unknown): Told {
  try {
    reader ??= openReader(String(workerData));
    return { id, answer: reader[name](given as never) };
  } catch (error) {
    if (error instanceof Refusal) {
      const { status, code, message, fix } = error;
      return { id, refusal: { status, code, message, ...(fix === undefined ? {} : { fix }) } };
    }
    if (error instanceof UserError) {
      const { code, message, fix } = error;
      return { id, refusal: { status: 503, code, message, ...(fix === undefined ? {} : { fix }) } };
    }
    return { id, bug: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
