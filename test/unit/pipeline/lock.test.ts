import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holderOf, lockRun } from '../../../orchestrator/pipeline/lock.js';

function runFolder(lock?: unknown): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'lock.json');
  if (lock !== undefined) writeFileSync(file, typeof lock === 'string' ? lock : JSON.stringify(lock));
  return { folder, file };
}

/** What this process writes into a lock. */
function ownLock(): { pid: number; started: string } {
  const { folder, file } = runFolder();
  const release = lockRun(folder, 'own');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started: string };
  release();
  return lock;
}

/** Id of a process that has ended and that nobody took the status of: the kernel still lists it. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('the lock of a run', () => {
  it('is taken once, names its holder, and leaves nothing behind', () => {
    const { folder, file } = runFolder();
    const release = lockRun(folder, 'r');
    expect(holderOf(folder)).toBe(process.pid);
    expect(() => lockRun(folder, 'r')).toThrow(
      expect.objectContaining({ code: 'run-in-use', message: expect.stringContaining(`process ${process.pid}`) }),
    );
    expect(readdirSync(folder)).toEqual(['lock.json']);
    release();
    expect([existsSync(file), holderOf(folder)]).toEqual([false, undefined]);
    lockRun(folder, 'r')();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is held by a process that runs, also one of another parent', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const { folder } = runFolder({ pid: child.pid, started });
    expect(holderOf(folder)).toBe(child.pid);
    expect(() => lockRun(folder, 'r')).toThrow(/being worked on/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(holderOf(folder)).toBeUndefined();
    lockRun(folder, 'r')();
  });

  it.each([
    ['a process that is gone', async () => ({ pid: await endedProcess(), started: '1' })],
    ['an id that is in use again', async () => ({ ...ownLock(), started: '12' })],
    ['a half-written file', async () => '{"pid": 1'],
    ['an empty file, from a full disk', async () => ''],
    ['null', async () => 'null'],
    ['another thing in JSON', async () => ({ pid: 'x' })],
    ['no start time', async () => ({ pid: 2 ** 22 + 5, started: '' })],
  ])('is taken over from %s', async (_name, lock) => {
    const { folder } = runFolder(await lock());
    expect(holderOf(folder)).toBeUndefined();
    const release = lockRun(folder, 'r');
    expect(holderOf(folder)).toBe(process.pid);
    release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is nobody else's to give back", () => {
    const { folder, file } = runFolder();
    const release = lockRun(folder, 'r');
    writeFileSync(file, JSON.stringify({ pid: 1, started: 'other' }));
    release();
    expect(existsSync(file)).toBe(true);
  });

  it('has no holder where there is no folder', () => {
    expect(holderOf('/no/such/folder')).toBeUndefined();
  });
});
