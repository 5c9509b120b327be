import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { openStore } from '../../orchestrator/store/index.js';
import { type Target, targets, withMark } from './processes.js';
import { VAUTO } from './shared-run.js';

export const SIGNALS = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const;
export const TARGETS = ['orchestrator', 'bridge', 'python'] as const;

/** Runs of one recipe into one store that are killed here and there. `args`: behind `vauto run … --run NAME`. */
export function killable(runs: string, args: readonly string[]) {
  const mark = randomUUID();

  function start(name: string) {
    // No rollout may come from another run of the store.
    const words = [VAUTO, 'run', ...args, '--runs', runs, '--run', name, '--no-cache'];
    const child = execa('node', words, { env: { VAUTO_TEST_MARK: mark }, reject: false });
    return { pid: child.pid ?? 0, stderr: child.stderr, end: child };
  }

  async function noneLeft(): Promise<void> {
    for (const until = performance.now() + 5000; withMark(mark).length > 0; ) {
      if (performance.now() > until) expect(withMark(mark)).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  return {
    /** To the end, which must be a good one; milliseconds. */
    async whole(name: string): Promise<number> {
      const started = performance.now();
      const { exitCode, stderr } = await start(name).end;
      expect(exitCode, stderr).toBe(0);
      return performance.now() - started;
    },

    /**
     * Runs, and sends the signal when standard error shows the pattern, or after so many milliseconds. True when the run
     * ended by it. No process is left after 5 s.
     */
    async killed(name: string, signal: NodeJS.Signals, target: Target, when: RegExp | number): Promise<boolean> {
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
    },

    content: (name: string) => contentOf(join(runs, 'vauto.db'), name),
  };
}

/** All that a run has found, without when and how long. */
export function contentOf(file: string, name: string) {
  const store = openStore(file, { readonly: true });
  try {
    const run = store.findRun(name);
    if (run === undefined) throw new Error(`no run ${name}`);
    const stages = store.stages(run.id);
    const rows = stages.flatMap(({ id, name: stage }) =>
      [...store.stageRows(id)].map(({ id: _id, stageId: _stage, ...row }) => ({ ...row, stage })),
    );
    const nameOf = (row: (typeof rows)[number]) =>
      [row.stage, row.step, row.pass, row.set, row.promptId, row.rollout.index].join();
    const { stages: ledger, ...totals } = store.ledger(run.id);
    return {
      status: run.status,
      rows: rows.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
      results: stages.map(({ name: stage, status, result }) => ({ stage, status, result: withoutTime(result) })),
      metrics: store.metrics(run.id),
      rewards: store.steps(run.id).map(({ step, metrics }) => [step, metrics.reward_mean, metrics.loss]),
      decisions: stages.flatMap(({ id }) => store.decisions(id)),
      // A report speaks of time.
      artifacts: store.artifacts(run.id).filter(({ stage }) => stage !== 'report'),
      // Work that a killed process had not committed may be sent again.
      ledger: { ...totals, retried: 0, stages: ledger.map((stage) => ({ ...stage, retried: 0 })) },
    };
  } finally {
    store.close();
  }
}

/** What was done in the last sitting is told apart from what was found. */
function withoutTime(result: unknown): unknown {
  const { engineSeconds, generatedTokens, rollouts, weights, ...rest } = (result ?? {}) as Record<string, unknown>;
  return rest;
}
