import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { expect } from 'vitest';
import { signalProcess } from '../../orchestrator/bridge/process.js';
import { openStore } from '../../orchestrator/store/index.js';
import { type Target, targets, withMark } from './processes.js';
import { VAUTO } from './shared-run.js';

export const SIGNALS = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const;
export const TARGETS = ['orchestrator', 'bridge', 'python'] as const;

/** What happens to a run: when standard error shows the pattern (since the moment before), or after so many milliseconds. */
export interface Moment {
  readonly when: RegExp | number;
  readonly what: Kill | (() => void);
}

export interface Kill {
  readonly signal: NodeJS.Signals;
  readonly target: Target;
}

/** How one sitting of a run ended. `hit`: for each moment that came, how many processes it reached. */
export interface Sitting {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  readonly hit: readonly number[];
}

/** Runs of one recipe into one store that are killed here and there. `args`: behind `vauto run … --run NAME`. */
export function killable(runs: string, args: readonly string[]) {
  const mark = randomUUID();

  /** From one start of the run to its end, with what happens to it in this order. No process is left 5 s after a signal. */
  async function sitting(name: string, moments: readonly Moment[] = []): Promise<Sitting> {
    // No rollout may come from another run of the store.
    const words = [VAUTO, 'run', ...args, '--runs', runs, '--run', name, '--no-cache'];
    const child = execa('node', words, { env: { VAUTO_TEST_MARK: mark }, reject: false });
    const root = child.pid ?? 0;
    const hit: number[] = [];
    const gone: Promise<void>[] = [];
    const act = ({ what }: Moment) => {
      if (typeof what === 'function') {
        what();
        hit.push(1);
      } else {
        hit.push(send(mark, root, what));
        gone.push(noOrphans(mark, root));
      }
    };
    follow(child, moments, act);
    const { exitCode, stderr } = await child;
    await Promise.all([...gone, noOrphans(mark, root)]);
    return { exitCode, stderr, hit };
  }

  return {
    sitting,

    /** To the end, which must be a good one; milliseconds. */
    async whole(name: string): Promise<number> {
      const started = performance.now();
      const { exitCode, stderr } = await sitting(name);
      expect(exitCode, stderr).toBe(0);
      return performance.now() - started;
    },

    /** A sitting with one signal. True when the run ended by it. */
    async killed(name: string, signal: NodeJS.Signals, target: Target, when: RegExp | number): Promise<boolean> {
      const { exitCode } = await sitting(name, [{ when, what: { signal, target } }]);
      return exitCode !== 0;
    },

    content: (name: string) => contentOf(join(runs, 'vauto.db'), name),
  };
}

/** Calls `act` with each moment as it comes. */
function follow(child: ResultPromise, moments: readonly Moment[], act: (moment: Moment) => void): void {
  const open = [...moments];
  let seen = '';
  child.stderr?.on('data', (chunk) => {
    seen += String(chunk);
    for (let [next] = open; next !== undefined; [next] = open) {
      const match = typeof next.when === 'number' ? null : next.when.exec(seen);
      if (match === null) return;
      seen = seen.slice(match.index + match[0].length);
      open.shift();
      act(next);
    }
  });
  const timers = moments.flatMap((moment) =>
    typeof moment.when === 'number' ? [setTimeout(() => act(moment), moment.when)] : [],
  );
  void child.finally(() => {
    for (const timer of timers) clearTimeout(timer);
  });
}

/** How many processes got the signal. */
function send(mark: string, root: number, { signal, target }: Kill): number {
  return targets(mark, root, target).filter((pid) => signalProcess(pid, signal)).length;
}

/** Waits until no process of the run is without the one that started it, and at its end until there is none. */
async function noOrphans(mark: string, root: number): Promise<void> {
  for (const until = performance.now() + 5000; orphans(mark, root).length > 0; ) {
    if (performance.now() > until) expect(orphans(mark, root)).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function orphans(mark: string, root: number) {
  const family = withMark(mark);
  const there = new Set(family.map(({ pid }) => pid));
  return family.filter(({ pid, parent }) => pid !== root && !there.has(parent));
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

/** What a server's own cache and the moment decide: tokens from its cache, tokens that come behind an early exit. */
const OF_THE_MOMENT: readonly string[] = ['cachedTokens', 'wastedTokens'];

/** The same of a run whose server is not vauto's, as JSON; its files count tokens of the moment. */
export function servedContentOf(file: string, name: string): unknown {
  const { artifacts, ...found } = contentOf(file, name);
  return JSON.parse(JSON.stringify(found, (key, value) => (OF_THE_MOMENT.includes(key) ? undefined : value)));
}

/** What was done in the last sitting is told apart from what was found. */
function withoutTime(result: unknown): unknown {
  const { engineSeconds, generatedTokens, rollouts, weights, ...rest } = (result ?? {}) as Record<string, unknown>;
  return rest;
}
