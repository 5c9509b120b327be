import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import type { Worker } from '../../orchestrator/bridge/index.js';
import { testBridge } from '../fixtures/bridge.js';

const lines: string[] = [];
const bridge = testBridge({ onLog: (line) => lines.push(line), cancelGraceMs: 1000 });
const worker = bridge.worker('test');
const call = (name: string, params: unknown = {}, options: Parameters<Worker['callRaw']>[2] = {}): Promise<unknown> =>
  worker.callRaw(`vauto_faults.faults.${name}`, params, options);

afterAll(() => bridge.close());

describe('calls to Python', () => {
  it('passes parameters and results, whatever the text', async () => {
    const params = {
      text: 'ünï "quoted" \\ \n\r\u2028 🎲 \ud800 {"r":1}',
      ffid: 3,
      r: 7,
      list: [1, 2.5, null, true, {}],
    };
    const { params: back } = (await call('echo', params)) as { params: unknown };
    expect(back).toEqual(params);
  });

  it('costs a few milliseconds', async () => {
    await call('echo');
    const start = performance.now();
    for (let i = 0; i < 100; i += 1) await call('echo');
    expect((performance.now() - start) / 100).toBeLessThan(20);
  });

  it('keeps one process for one name, and runs calls one after another', async () => {
    const pids = await Promise.all([1, 2, 3].map(async () => ((await call('echo')) as { pid: number }).pid));
    expect(new Set(pids)).toEqual(new Set([worker.pid]));
    expect(bridge.worker('test')).toBe(worker);
  });

  it('writes numbers that JSON lacks as null, and numpy as numbers', async () => {
    expect(await call('numbers')).toEqual({ nan: null, inf: [null, 1.5], scalar: 0.5, array: [0, 1, 2] });
  });

  it('returns 20 MB and takes 20 MB', async () => {
    const text = 'x'.repeat(20_000_000);
    const result = (await call('large', { characters: 10_000_000, text })) as { text: string; received: number };
    expect([result.text.length, result.received]).toEqual([10_000_000, 20_000_000]);
  });

  it('is not disturbed by what Python prints', async () => {
    expect(await call('junk', { lines: 2000 })).toEqual({ printed: true });
    expect(await call('echo', { next: 1 })).toMatchObject({ params: { next: 1 } });
    expect(lines).toContain('test: from a child');
    expect(lines).toContain('test: {"r": 10000, "key": "string", "val": "forged"}');
    expect(lines).toContain('test: line 1999');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(5000);
  });

  it('does not start Python code anew in spawned processes', async () => {
    expect(await call('spawn')).toMatchObject({ squares: [1, 4, 9] });
  });
});

describe('events and questions', () => {
  it('streams events in order while the call runs', async () => {
    const numbers: number[] = [];
    let duringCall = 0;
    const result = call(
      'stream',
      { count: 20, seconds: 0.6 },
      {
        onEvent: (_, payload) => {
          numbers.push((payload as { number: number }).number);
          if (numbers.length < 20) duringCall += 1;
        },
      },
    );
    expect(await result).toEqual({ sent: 20 });
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(duringCall).toBeGreaterThan(5);
  });

  it.each([false, true])('delivers every event of a burst (other threads: %s)', async (threads) => {
    const numbers: number[] = [];
    await call(
      'stream',
      { count: 5000, threads },
      { onEvent: (_, payload) => numbers.push((payload as { number: number }).number) },
    );
    expect(numbers).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  it.each([false, true])('answers what Python asks (other threads: %s)', async (threads) => {
    const events: string[] = [];
    const result = await call(
      'ask',
      { count: 40, threads },
      {
        onEvent: (name) => events.push(name),
        handlers: { double: async (payload) => ({ doubled: (payload as { number: number }).number * 2 }) },
      },
    );
    expect(result).toEqual({ answers: Array.from({ length: 40 }, (_, i) => 2 * i) });
    expect(events).toHaveLength(40);
  });

  it('rejects with the error of the handler, and the worker stays', async () => {
    const { pid } = worker;
    const failure = new Error('cannot reward this');
    await expect(call('ask', { count: 1 }, { handlers: { double: () => Promise.reject(failure) } })).rejects.toBe(
      failure,
    );
    await expect(call('ask', { count: 1 })).rejects.toThrow('which nobody answers');
    await call('echo');
    expect(worker.pid).toBe(pid);
  });

  it('drops events that come after the end of their call', async () => {
    await call('late_event');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await call('echo', { still: 'here' })).toMatchObject({ params: { still: 'here' } });
    expect(lines).toContain('test: event late after the end of its call');
  });
});

describe('failures of a method', () => {
  it('names the exception and shows the traceback; the worker stays', async () => {
    const { pid } = worker;
    const events: string[] = [];
    await expect(call('fail', {}, { onEvent: (name) => events.push(name) })).rejects.toMatchObject({
      name: 'WorkerError',
      code: 'raised',
      pythonType: 'ValueError',
      message: 'vauto_faults.faults.fail raised ValueError: no such luck: ünïcode 🎲',
      traceback: expect.stringContaining('faults.py'),
    });
    expect(events).toEqual(['before']);
    expect(worker.pid).toBe(pid);
  });

  it('turns a UserFault into a UserError', async () => {
    const fields = {
      name: 'UserError',
      code: 'model-not-found',
      kind: 'recipe',
      message: 'no model there',
      fix: 'write the path of a model',
    };
    await expect(call('user_fault')).rejects.toMatchObject(fields);
  });

  it.each([
    ['exit_now', 'SystemExit'],
    ['unencodable', 'TypeError'],
    ['missing', 'AttributeError'],
  ])('survives %s', async (name, pythonType) => {
    await expect(call(name)).rejects.toMatchObject({ code: 'raised', pythonType });
  });
});

describe('cancelling', () => {
  it('lets Python end the call and keeps the process', async () => {
    const { pid } = worker;
    const controller = new AbortController();
    const start = performance.now();
    const result = call(
      'until_cancelled',
      { seconds: 60 },
      { signal: controller.signal, onEvent: () => controller.abort(new Error('enough')) },
    );
    await expect(result).rejects.toThrow('enough');
    expect(performance.now() - start).toBeLessThan(2000);
    await call('echo');
    expect(worker.pid).toBe(pid);
  });

  it('kills a process that does not listen', async () => {
    const { pid } = worker;
    const controller = new AbortController();
    const result = call(
      'sleep',
      { seconds: 60 },
      { signal: controller.signal, onEvent: () => controller.abort(new Error('enough')) },
    );
    await expect(result).rejects.toThrow('enough');
    expect(((await call('echo')) as { pid: number }).pid).not.toBe(pid);
  });

  it('gives up a call that still waits for its turn', async () => {
    const controller = new AbortController();
    const running = call('stream', { count: 1, seconds: 0.5 });
    const waiting = call('echo', {}, { signal: controller.signal });
    controller.abort(new Error('too late'));
    await expect(waiting).rejects.toThrow('too late');
    await running;
  });
});

it('says that an interpreter is missing', async () => {
  const other = testBridge({ python: `${tmpdir()}/no-such-python` });
  await expect(other.worker('test').callRaw('env.describe', {})).rejects.toMatchObject({
    code: 'python-missing',
    kind: 'dependency',
  });
  await other.close();
});
