import { delimiter } from 'node:path';
import { createWorker, type Worker } from './worker.js';

export interface BridgeOptions {
  /** The Python interpreter. */
  readonly python: string;
  /** Folder that holds the package vauto_worker. */
  readonly pythonPath: string;
  /** Environment of the Python processes, over this process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Each line that Python prints, with the worker's name in front. */
  readonly onLog?: (line: string) => void;
  /** Milliseconds for a Python process to come up; default 60 000. */
  readonly startMs?: number;
  /** Milliseconds for an idle Python to end by itself before it is killed; default 5 000. */
  readonly stopGraceMs?: number;
  /** Milliseconds without a heartbeat after which a process counts as hung; default 120 000. */
  readonly heartbeatMs?: number;
  /** Milliseconds that a cancelled call has to end by itself before its process is killed; default 10 000. */
  readonly cancelGraceMs?: number;
}

/** The way to Python: named workers, each a supervised process. */
export interface Bridge {
  /** The worker of that name; made when first asked for, and then with that environment. */
  worker(kind: string, options?: { readonly env?: Readonly<Record<string, string | undefined>> }): Worker;
  /** Stops all workers, for good; no process is left. */
  close(): Promise<void>;
}

/** Opens the bridge; nothing starts before the first call. */
export function openBridge(options: BridgeOptions): Bridge {
  const workers = new Map<string, Worker>();
  let closed = false;
  const baseEnv = { ...process.env, ...options.env };

  return {
    worker(kind, { env = {} } = {}) {
      const existing = workers.get(kind);
      if (existing) return existing;
      const merged = { ...baseEnv, ...env };
      const path = [options.pythonPath, merged.PYTHONPATH].filter(Boolean).join(delimiter);
      const worker = createWorker(kind, {
        python: options.python,
        env: { ...merged, PYTHONPATH: path },
        onLog: (line) => options.onLog?.(`${kind}: ${line}`),
        startMs: options.startMs ?? 60_000,
        stopGraceMs: options.stopGraceMs ?? 5_000,
        isClosed: () => closed,
        limits: { heartbeatMs: options.heartbeatMs ?? 120_000, cancelGraceMs: options.cancelGraceMs ?? 10_000 },
      });
      workers.set(kind, worker);
      return worker;
    },
    async close() {
      closed = true;
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
    },
  };
}
