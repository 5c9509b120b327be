import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import type { Worker, WorkerError } from '../../orchestrator/bridge/index.js';
import { signalProcess } from '../../orchestrator/bridge/process.js';
import { retrying } from '../../orchestrator/bridge/retry.js';
import { alive, faultsPath, python, pythonPath, root, testBridge, until } from '../fixtures/bridge.js';

const bridge = testBridge({ heartbeatMs: 2000 });
const worker = bridge.worker('test');
const scratch = mkdtempSync(join(tmpdir(), 'vauto-bridge-'));
const call = (name: string, params: unknown = {}, options: Parameters<Worker['callRaw']>[2] = {}): Promise<unknown> =>
  worker.callRaw(`vauto_faults.faults.${name}`, params, options);

afterAll(async () => {
  await bridge.close();
  rmSync(scratch, { recursive: true });
});

/** Parent of a process (Linux). */
function parentOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[1]);
}

describe('a process that dies', () => {
  it('is noticed at once when killed during a call, and replaced', async () => {
    let killed = 0;
    const result = call(
      'sleep',
      { seconds: 300 },
      {
        onEvent: (_, payload) => {
          killed = performance.now();
          process.kill((payload as { pid: number }).pid, 'SIGKILL');
        },
      },
    );
    await expect(result).rejects.toMatchObject({ code: 'died', message: expect.stringContaining('SIGKILL') });
    // Milliseconds on an idle machine.
    expect(performance.now() - killed).toBeLessThan(3000);
    const starts = worker.starts;
    await call('echo');
    expect(worker.starts).toBe(starts + 1);
  });

  it('takes Python with it when its Node process is killed', async () => {
    let python = 0;
    const result = call(
      'sleep',
      { seconds: 300 },
      {
        onEvent: (_, payload) => {
          python = (payload as { pid: number }).pid;
          process.kill(parentOf(python), 'SIGKILL');
        },
      },
    );
    await expect(result).rejects.toMatchObject({ code: 'died' });
    await until(() => !alive(python), 2000);
  });

  it('is noticed when killed between calls', async () => {
    const { pid } = (await call('echo')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await until(() => worker.pid === undefined, 2000);
    expect(((await call('echo')) as { pid: number }).pid).not.toBe(pid);
  });

  it.each(['kill_self', 'segfault'])('leaves its last words (%s)', async (name) => {
    const error = (await call(name).catch((reason: unknown) => reason)) as WorkerError;
    expect(error.code).toBe('died');
    expect(error.logTail.join('\n')).toMatch(/last words|Segmentation fault/);
  });

  it('gets its request a second time, and is poisoned after that', async () => {
    const mark = join(scratch, 'mark');
    const retried: string[] = [];
    const options = { beforeRetry: async (error: WorkerError) => void retried.push(error.code) };
    const twice = (name: string, params: unknown) =>
      retrying('test', name, options, (rest) => call(name, params, rest));
    expect(await twice('die_once', { mark })).toHaveProperty('pid');
    expect(retried).toEqual(['died']);
    await expect(twice('kill_self', {})).rejects.toMatchObject({ code: 'poisoned', cause: { code: 'died' } });
    await expect(twice('fail', {})).rejects.toMatchObject({ code: 'raised' });
  });
});

describe('a process that hangs', () => {
  it('is killed after the silence allowed, and says where it hung', async () => {
    const error = (await call('sleep', { seconds: 300 }, { silenceMs: 700 }).catch(
      (reason: unknown) => reason,
    )) as WorkerError;
    expect(error).toMatchObject({ code: 'hung', message: expect.stringContaining('no progress for 0.7 s') });
    expect(error.logTail.join('\n')).toContain('faults.py');
  });

  it('is killed when not even its heartbeat comes', async () => {
    await expect(call('freeze')).rejects.toMatchObject({
      code: 'hung',
      message: expect.stringContaining('no heartbeat'),
    });
  });

  it('is killed at its time limit', async () => {
    await expect(call('stream', { count: 100, seconds: 60 }, { timeoutMs: 600 })).rejects.toMatchObject({
      code: 'timeout',
    });
  });

  it('is not taken for hung while it reports or waits for an answer', async () => {
    expect(await call('stream', { count: 8, seconds: 2 }, { silenceMs: 1000 })).toEqual({ sent: 8 });
    const slow = async (): Promise<unknown> => {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      return { doubled: 0 };
    };
    expect(await call('ask', { count: 1 }, { silenceMs: 500, handlers: { double: slow } })).toEqual({ answers: [0] });
  });
});

describe('no process is left', () => {
  it('nor started by a call after the end', async () => {
    const other = testBridge();
    const late = other.worker('late');
    await other.close();
    await expect(late.callRaw('vauto_faults.faults.echo', {})).rejects.toMatchObject({ code: 'stopped' });
    expect(late.starts).toBe(0);
  });

  it('after stop, neither of an idle worker nor of a busy one', async () => {
    const { sleeper } = (await call('spawn')) as { sleeper: number };
    const { pid } = (await call('echo')) as { pid: number };
    await worker.stop();
    expect([alive(pid), alive(sleeper)]).toEqual([false, false]);

    let busy = 0;
    const running = call(
      'sleep',
      { seconds: 300 },
      {
        onEvent: (_, payload) => {
          busy = (payload as { pid: number }).pid;
          void worker.stop();
        },
      },
    );
    await expect(running).rejects.toMatchObject({ code: 'stopped' });
    expect(alive(busy)).toBe(false);
  });

  it.each([0, 40])('when the orchestrator is gone %d ms after it started a worker, before that listens', async (ms) => {
    const child = spawn(process.execPath, [join(root, 'dist', 'bridge', 'child.js')], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, PYTHON_BIN: python, PYTHONPATH: pythonPath },
      detached: true,
    });
    const { pid = 0 } = child;
    setTimeout(() => child.disconnect(), ms);
    await until(() => !alive(pid), 5000).finally(() => signalProcess(-pid, 'SIGKILL'));
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('5 s after the orchestrator got %s', async (signal) => {
    const env = { PYTHONPATH: faultsPath };
    const maker = execa(process.execPath, [join(root, 'test/fixtures/orphan-maker.mjs'), python, pythonPath], {
      env,
      reject: false,
    });
    const first = await maker.iterable()[Symbol.asyncIterator]().next();
    const pids = JSON.parse(String(first.value)) as { python: number; sleeper: number };
    expect([alive(pids.python), alive(pids.sleeper)]).toEqual([true, true]);
    maker.kill(signal);
    await until(() => !alive(pids.python) && !alive(pids.sleeper), 5000);
  });
});
