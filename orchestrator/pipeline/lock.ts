import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';

/**
 * Takes the run for this process, or says who holds it. The lock names a process by id and start time, so that a lock
 * left by a killed process is taken over at once, even when its id is in use again.
 */
export function lockRun(runFolder: string, run: string): () => void {
  const file = join(runFolder, 'lock.json');
  const mine = JSON.stringify({ pid: process.pid, started: startTime(process.pid) });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx' });
      return () => {
        rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readHolder(file);
    if (holder !== undefined && startTime(holder.pid) === holder.started) {
      throw new UserError({
        code: 'run-in-use',
        kind: 'usage',
        message: `run ${run} is being worked on by process ${holder.pid}`,
        fix: 'wait for it, stop it, or start another run with --run NAME',
      });
    }
    rmSync(file, { force: true });
  }
  throw new UserError({
    code: 'run-in-use',
    kind: 'usage',
    message: `run ${run} was taken by another process just now`,
  });
}

function readHolder(file: string): { pid: number; started: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string };
  } catch {
    // Half-written by a process that was killed: nobody holds it.
    return undefined;
  }
}

/** Start time of a process as the kernel tells it; empty when there is no such process. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return isAlive(pid) ? 'alive' : '';
  }
}

/** For systems without /proc (macOS). */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
