import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';

interface Holder {
  readonly pid: number;
  /** When the process started, as its system tells it: ids are used again. */
  readonly started: string;
}

/**
 * Takes the run for this process, or says who holds it. The lock names a process by id and start time, so that a lock
 * left by a killed process is taken over at once, even when its id is in use again. Returns what gives it back.
 */
export function lockRun(runFolder: string, run: string): () => void {
  const file = lockFile(runFolder);
  const mine = JSON.stringify({ pid: process.pid, started: startTime(process.pid) } satisfies Holder);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (create(file, mine)) return () => release(file, mine);
    const text = read(file);
    const holder = aliveHolder(text);
    if (holder !== undefined) throw inUse(`run ${run} is being worked on by process ${holder.pid}`);
    if (text !== undefined) takeAway(file, text);
  }
  throw inUse(`run ${run} was taken by another process just now`);
}

/** Id of the process that works on the run; undefined when there is none (any more). */
export function holderOf(runFolder: string): number | undefined {
  return aliveHolder(read(lockFile(runFolder)))?.pid;
}

function lockFile(runFolder: string): string {
  return join(runFolder, 'lock.json');
}

function inUse(message: string): UserError {
  const fix = 'wait for it, stop it, or start another run with --run NAME';
  return new UserError({ code: 'run-in-use', kind: 'usage', message, fix });
}

/** Creates the file with its content in one step: nobody ever reads a part of it. False when it is there already. */
function create(file: string, content: string): boolean {
  const part = `${file}.${process.pid}`;
  try {
    writeFileSync(part, content);
    linkSync(part, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // File systems without links (exFAT, some network shares).
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS')
      return createInPlace(file, content);
    throw error;
  } finally {
    rmSync(part, { force: true });
  }
}

function createInPlace(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock that nobody holds, unless another process was faster and put its own there. */
function takeAway(file: string, stale: string): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (read(aside) !== stale) linkSync(aside, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Gone already, or taken again: the next attempt sees it.
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The process named in a lock, if it runs. A text that is no lock (cut off by a full disk) names nobody. */
function aliveHolder(text: string | undefined): Holder | undefined {
  try {
    const holder = JSON.parse(text ?? 'null') as Partial<Holder> | null;
    if (typeof holder?.pid !== 'number' || typeof holder.started !== 'string' || holder.started === '')
      return undefined;
    const { pid, started } = holder;
    return startTime(pid) === started ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

/** Start time of a process as the kernel tells it; empty when there is no such process, or only what is left of it. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
  } catch {
    return isAlive(pid) ? 'alive' : '';
  }
}

/** For systems without /proc (macOS). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user runs, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
