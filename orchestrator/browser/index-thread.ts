/** The thread that keeps the full-text index up to date, a little at a time. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openSearchBuilder } from '../store/index.js';

/** Rollouts of one transaction. */
const AT_ONCE = 2000;
const IDLE_MS = 1000;
/** Of its time, half is left to others. */
const REST_SHARE = 1;

// Questions come first, where a thread has a priority of its own.
if (process.platform === 'linux')
  setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);

const builder = openSearchBuilder(String(workerData));

function advance(): void {
  const started = performance.now();
  const indexed = builder.advance(AT_ONCE);
  parentPort?.postMessage(indexed);
  setTimeout(advance, indexed < AT_ONCE ? IDLE_MS : REST_SHARE * (performance.now() - started));
}

advance();
