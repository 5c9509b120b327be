import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` while no other process sets up the same environment; waits for one that does. */
export async function withSetupLock<T>(
  venv: string,
  onWait: (pid: number) => void,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const file = `${venv}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  let announced = false;
  while (!take(file)) {
    const pid = holder(file);
    if (pid === undefined || !isAlive(pid)) {
      // Whoever held it was killed.
      rmSync(file, { force: true });
      continue;
    }
    if (!announced) onWait(pid);
    announced = true;
    await sleep(500, undefined, signal ? { signal } : {});
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holder(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
