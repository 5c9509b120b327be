import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../orchestrator/statistics/index.js';
import { openStore } from '../../orchestrator/store/index.js';
import { type Target, targets, withMark } from './processes.js';
import { ROOT, SMALL, sharedRun, VAUTO, vauto } from './shared-run.js';

/** A run from recorded rollouts is over in seconds, so that it can be killed everywhere. */
const folder = mkdtempSync(join(tmpdir(), 'vauto-kills-'));
const recordings = join(folder, 'rollouts.jsonl');
const mark = randomUUID();
const POINTS = Number(process.env.VAUTO_TEST_KILLS ?? 5);
const STAGES = ['prepare', 'filter', 'evaluate', 'sweep', 'report'];

let whole: unknown;
/** Milliseconds of a whole run. */
let length = 0;

beforeAll(async () => {
  const shared = await sharedRun();
  const made = await vauto(['runs', 'export', 'small', '--rollouts', recordings, '--runs', shared]);
  expect(made.exitCode, made.stderr).toBe(0);
  // What media and golds are was found out before; the runs below are to be about their own work.
  for (const cache of ['media-hashes.json', 'media-probes.json'])
    cpSync(join(shared, cache), join(folder, 'runs', cache), { recursive: true });
  const started = performance.now();
  const { exitCode, stderr } = await start('whole').end;
  length = performance.now() - started;
  expect(exitCode, stderr).toBe(0);
  whole = contentOf('whole');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(name: string) {
  const sets = [
    ...SMALL,
    'train.enabled=false',
    'engine.kind=replay',
    `engine.recordings=${recordings}`,
    'engine.args={}',
    // Short units and no thumbnails: many commits, nothing but the ledger.
    'engine.unit=4',
    'report.traces=0',
  ];
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const flags = sets.flatMap((set) => ['--set', set]);
  // No rollout may come from another run of the store.
  const args = [VAUTO, 'run', recipe, '--runs', join(folder, 'runs'), '--run', name, '--no-cache', ...flags];
  const child = execa('node', args, { env: { VAUTO_TEST_MARK: mark }, reject: false });
  return { pid: child.pid ?? 0, stderr: child.stderr, end: child };
}

/** All that a run has found, without when and how long. */
function contentOf(name: string) {
  const store = openStore(join(folder, 'runs', 'vauto.db'), { readonly: true });
  try {
    const run = store.findRun(name);
    if (run === undefined) throw new Error(`no run ${name}`);
    const stages = store.stages(run.id);
    const rows = stages.flatMap(({ id, name: stage }) =>
      [...store.stageRows(id)].map(({ id: _id, stageId: _stage, ...row }) => ({ ...row, stage })),
    );
    const nameOf = (row: (typeof rows)[number]) =>
      [row.stage, row.pass, row.set, row.promptId, row.rollout.index].join();
    const { stages: ledger, ...totals } = store.ledger(run.id);
    return {
      status: run.status,
      rows: rows.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
      results: stages.map(({ name: stage, status, result }) => ({ stage, status, result: withoutTime(result) })),
      metrics: store.metrics(run.id),
      decisions: stages.flatMap(({ id }) => store.decisions(id)),
      artifacts: store.artifacts(run.id).filter(({ stage }) => stage !== 'report'),
      // Work that a killed process had not committed may be sent again.
      ledger: { ...totals, retried: 0, stages: ledger.map((stage) => ({ ...stage, retried: 0 })) },
    };
  } finally {
    store.close();
  }
}

function withoutTime(result: unknown): unknown {
  const {
    engineSeconds: _seconds,
    generatedTokens: _tokens,
    rollouts: _rollouts,
    ...rest
  } = result as Record<string, unknown>;
  return rest;
}

/** Runs, and sends the signal when standard error shows the pattern, or after so many milliseconds. True when it came in time. */
async function killed(name: string, signal: NodeJS.Signals, target: Target, when: RegExp | number): Promise<boolean> {
  const run = start(name);
  let sent = false;
  const send = () => {
    if (sent) return;
    sent = true;
    for (const pid of targets(mark, run.pid, target)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself.
      }
    }
  };
  let seen = '';
  const timer = typeof when === 'number' ? setTimeout(send, when) : undefined;
  run.stderr.on('data', (chunk) => {
    seen += String(chunk);
    if (typeof when !== 'number' && when.test(seen)) send();
  });
  const { exitCode } = await run.end;
  clearTimeout(timer);
  await noneLeft();
  return exitCode !== 0;
}

async function noneLeft(): Promise<void> {
  for (const until = performance.now() + 5000; withMark(mark).length > 0; ) {
    if (performance.now() > until) expect(withMark(mark)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const SIGNALS = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const;
const TARGETS = ['orchestrator', 'bridge', 'python'] as const;

describe.each(SIGNALS)('%s', (signal) => {
  test.each(TARGETS)(
    `to the %s at every stage boundary and ${POINTS} points at random: the run ends as if it had never been`,
    {
      timeout: 600_000,
    },
    async (target) => {
      const random = createRandom(SIGNALS.indexOf(signal) * 3 + TARGETS.indexOf(target));
      // One run takes all boundaries; points that come after the end of a run begin another.
      let run = 0;
      let name = `${signal}-${target}-${run}`;
      for (const stage of STAGES) await killed(name, signal, target, new RegExp(`^${stage}: (done|already done)`, 'm'));
      const ended: string[] = [];
      for (let point = 0; point < POINTS; point += 1) {
        if (await killed(name, signal, target, random() * length)) continue;
        ended.push(name);
        run += 1;
        name = `${signal}-${target}-${run}`;
      }
      const { exitCode, stderr } = await start(name).end;
      expect(exitCode, stderr).toBe(0);
      for (const each of [...ended, name]) expect(contentOf(each), each).toEqual(whole);
    },
  );
});
