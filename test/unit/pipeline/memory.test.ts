import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memoryOfTree, watchMemory } from '../../../orchestrator/pipeline/memory.js';

const MEGABYTE = 2 ** 20;

test.runIf(existsSync('/proc/self/smaps_rollup'))('memory counts the processes that were started, too', async () => {
  const watch = watchMemory(10_000);
  const before = memoryOfTree(process.pid) ?? 0;
  const script = 'const kept = Buffer.alloc(200 * 2 ** 20, 1); console.log("ready"); setInterval(() => kept, 1000)';
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    const now = memoryOfTree(process.pid) ?? 0;
    expect(now - before).toBeGreaterThan(150 * MEGABYTE);
    expect(watch.peakBytes() ?? 0).toBeGreaterThan(before + 150 * MEGABYTE);
  } finally {
    watch.stop();
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  expect(watch.peakBytes() ?? 0).toBeLessThan(before + 150 * MEGABYTE);
});

test('a process that is gone takes nothing', () => {
  expect(memoryOfTree(2 ** 30)).toBeNull();
});
