import { readdirSync, readFileSync } from 'node:fs';

/** How often memory is looked at; a sample of five processes takes a few milliseconds. */
const INTERVAL_MS = 2000;

export interface MemoryWatch {
  /** Largest sum in bytes since the last call; null where the system does not tell (no /proc). */
  peakBytes(): number | null;
  stop(): void;
}

/** Watches the memory of this process and all that it started, shared pages counted once (proportional set size). */
export function watchMemory(intervalMs = INTERVAL_MS): MemoryWatch {
  let peak: number | null = null;
  const look = () => {
    const bytes = memoryOfTree(process.pid);
    if (bytes !== null) peak = Math.max(peak ?? 0, bytes);
  };
  look();
  const timer = setInterval(look, intervalMs).unref();
  return {
    peakBytes: () => {
      look();
      const last = peak;
      peak = null;
      return last;
    },
    stop: () => clearInterval(timer),
  };
}

/** Proportional set size of a process and its descendants, in bytes. */
export function memoryOfTree(root: number): number | null {
  const children = new Map<number, number[]>();
  for (const pid of processes()) {
    const parent = parentOf(pid);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const sum = (pid: number): number => (children.get(pid) ?? []).reduce((total, child) => total + sum(child), own(pid));
  const bytes = sum(root);
  return bytes === 0 ? null : bytes;
}

function processes(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function parentOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  // The name in parentheses may hold spaces.
  return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function own(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Null when the process is gone by now, or belongs to another user. */
function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
