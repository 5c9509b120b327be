import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import type { IndexFile } from './file.js';
import { finishParts, type Parted, parted, type Search, takeParts } from './parts.js';

/** What a helper is told. */
export interface Help {
  readonly search: Parted;
  /** Of the index that is searched. */
  readonly inode: number | undefined;
}

/** A thread that searches, with others that help. They start with the first large search, which does not wait for them. */
export class SearchThreads {
  readonly #workers = new Set<Worker>();

  /** `helpers`: how many. */
  constructor(
    readonly index: IndexFile,
    readonly helpers: number,
  ) {}

  /** A byte for each rollout from the first on. Throws what SQLite does. */
  find(db: Database.Database, search: Search): Uint8Array {
    const shared = parted(search);
    if (shared.parts > 1) this.#tell({ search: shared, inode: this.index.inode });
    takeParts(db, shared);
    finishParts(db, shared);
    return shared.has;
  }

  close(): void {
    for (const worker of this.#workers) void worker.terminate();
    this.#workers.clear();
  }

  #tell(help: Help): void {
    while (this.#workers.size < this.helpers) this.#start();
    for (const worker of this.#workers) worker.postMessage(help);
  }

  #start(): void {
    const worker = new Worker(new URL('./helper-thread.js', import.meta.url), { workerData: this.index.file });
    const lost = () => void this.#workers.delete(worker);
    // The search goes on without it, and the next one starts another.
    worker.on('error', lost);
    worker.on('exit', lost);
    worker.unref();
    this.#workers.add(worker);
  }
}
