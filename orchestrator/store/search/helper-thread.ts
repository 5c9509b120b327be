/** A thread that takes parts of the searches of another (threads.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { IndexFile } from './file.js';
import { takeParts } from './parts.js';
import type { Help } from './threads.js';

const index = new IndexFile(String(workerData));

parentPort?.on('message', ({ search, inode }: Help) => {
  const db = index.open();
  // Nothing is taken from an index that was made anew meanwhile.
  if (db !== undefined && index.inode === inode) takeParts(db, search);
});
