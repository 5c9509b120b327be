import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { type HostileRow, hostileRows } from '../fixtures/hostile.js';
import { ROOT, VAUTO } from './shared-run.js';

const ROWS = 10_000;
const MOST_BYTES = 500e6;
const states = ['graded', 'unparsed', 'timeout', 'error'];

interface Verdict {
  readonly correct: boolean | null;
  readonly value: number | null;
  readonly state: string;
}
interface Line {
  readonly id: string;
  readonly first: Verdict | null;
  readonly second: Verdict | null;
  readonly reward: { readonly total: number } | null;
}

test('10,000 hostile completions: no crash, no verdict lost, no process above 500 MB, none left', async () => {
  const child = execa('node', [VAUTO, 'grade', '-', '--timeout', '1'], {
    cwd: ROOT,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    reject: false,
    buffer: { stdout: false },
  });
  const peaks = watchPeaks(child.pid ?? 0);
  const fed = feed(child.stdin, hostileRows(ROWS, 3));
  const counts: Record<string, number> = {};
  let place = 0;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = JSON.parse(text) as Line;
    expect(line.id).toBe(String(place));
    place += 1;
    for (const verdict of [line.first, line.second]) {
      if (verdict === null) continue;
      counts[verdict.state] = (counts[verdict.state] ?? 0) + 1;
      expect(states).toContain(verdict.state);
      // A failure of the grader is never a wrong answer.
      expect(verdict.correct === null).toBe(verdict.state === 'timeout' || verdict.state === 'error');
      if (verdict.correct === null) expect(line.reward).toBeNull();
    }
  }
  await fed;
  const { exitCode, stderr } = await child;
  const { most, family } = peaks.stop();
  expect(exitCode, stderr).toBe(0);
  expect(place).toBe(ROWS);
  // The corpus does what it is for.
  expect(counts.timeout).toBeGreaterThan(500);
  expect(counts.error).toBeGreaterThan(100);
  expect(Math.max(...Object.values(most)), JSON.stringify(most)).toBeLessThan(MOST_BYTES);
  await expect.poll(() => family.filter(isAlive), { timeout: 5000 }).toEqual([]);
}, 600_000);

async function feed(input: NodeJS.WritableStream, rows: Iterable<HostileRow>): Promise<void> {
  for (const row of rows) if (!input.write(`${JSON.stringify(row)}\n`)) await once(input, 'drain');
  input.end();
}

/** Largest resident size (VmHWM) of every process under `root`, by command, looked at all the time. */
function watchPeaks(root: number) {
  const most: Record<string, number> = {};
  const family = new Set<number>();
  const look = () => {
    for (const pid of descendants(root)) {
      family.add(pid);
      const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
      const command = read(`/proc/${pid}/cmdline`).split('\0').slice(0, 3).join(' ');
      if (kilobytes !== undefined) most[command] = Math.max(most[command] ?? 0, Number(kilobytes) * 1024);
    }
  };
  const timer = setInterval(look, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return { most, family: [...family] };
    },
  };
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = read(`/proc/${name}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  for (let open = [root]; open.length > 0; open = open.flatMap((pid) => children.get(pid) ?? [])) found.push(...open);
  return found;
}

function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
