import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../orchestrator/store/index.js';
import { testBridge } from '../fixtures/bridge.js';
import { contentOf } from './kills.js';
import { ROOT, recordSharedRun, vauto } from './shared-run.js';

const DAY_MS = 86_400_000;
const CLOCK = join(ROOT, 'test', 'fixtures', 'clock');

const folder = mkdtempSync(join(tmpdir(), 'vauto-clock-'));
let sets: readonly string[];

/** A run from recorded rollouts in a store of its own; with a jump, the clocks of all its processes make it. */
async function replayed(name: string, jump?: number) {
  const runs = join(folder, name);
  const args = ['run', join(ROOT, 'recipes', 'quickstart.yaml'), '--runs', runs, '--run', 'one', '--json'];
  const env = {
    NODE_OPTIONS: `--import ${join(CLOCK, 'jump.mjs')}`,
    PYTHONPATH: CLOCK,
    VAUTO_TEST_JUMP: String(jump),
  };
  const ran = await vauto([...args, ...sets.flatMap((set) => ['--set', set])], jump === undefined ? {} : { env });
  expect(ran.exitCode, ran.stderr).toBe(0);
  const file = join(runs, 'vauto.db');
  const store = openStore(file, { readonly: true });
  const run = store.findRun('one');
  if (run === undefined) throw new Error('no run');
  const events = store.events(run.id);
  store.close();
  const log = readFileSync(join(runs, 'one', 'workers.log'), 'utf8');
  return { file, content: contentOf(file, 'one'), events, log, summary: JSON.parse(ran.stdout) };
}

beforeAll(async () => {
  sets = await recordSharedRun(join(folder, 'rollouts.jsonl'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a clock that is set in the middle of a run', () => {
  let calm: Awaited<ReturnType<typeof replayed>>;
  beforeAll(async () => {
    calm = await replayed('calm');
  });

  test.each([
    ['forward', DAY_MS],
    ['back', -DAY_MS],
  ])('%s by a day changes nothing but the times that are written down', async (name, jump) => {
    const { file, content, events, log, summary } = await replayed(name, jump);
    expect(content).toEqual(calm.content);
    // The clock did jump while the run went on.
    const times = events.map(({ at }) => Date.parse(at));
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(DAY_MS / 2);
    const kinds = (of: typeof events) => of.map(({ stage, kind }) => `${stage} ${kind}`);
    expect(kinds(events)).toEqual(kinds(calm.events));
    expect(log).not.toMatch(/hung|no heartbeat|no progress/);
    for (const { stage, seconds } of [{ stage: 'all', seconds: summary.seconds }, ...summary.stages]) {
      expect(seconds, stage).toBeGreaterThanOrEqual(0);
      expect(seconds, stage).toBeLessThan(3600);
    }
    expect(existsSync(`${file}.backup`)).toBe(true);
  });
});

test('a worker is not taken for hung by a clock that is set while it works', async () => {
  const bridge = testBridge({ heartbeatMs: 2000 });
  const RealDate = Date;
  try {
    const worker = bridge.worker('test');
    const params = { count: 8, seconds: 2 };
    let jump = DAY_MS;
    const options = {
      silenceMs: 1500,
      onEvent: () => {
        const shift = jump;
        jump = -jump;
        globalThis.Date = class extends RealDate {
          static override now = () => RealDate.now() + shift;
        } as DateConstructor;
      },
    };
    expect(await worker.callRaw('vauto_faults.faults.stream', params, options)).toEqual({ sent: 8 });
    expect(worker.starts).toBe(1);
  } finally {
    globalThis.Date = RealDate;
    await bridge.close();
  }
});
