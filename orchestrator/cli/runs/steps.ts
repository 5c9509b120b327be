import { join, resolve } from 'node:path';
import type { RunRecord, StepRow } from '../../store/index.js';
import { stepNumbers } from '../../training/step-numbers.js';
import { type Column, formatTable, printJson, printText } from '../output.js';
import { findRun, tableWidth, withStore } from './open.js';
import { stepText } from './show-training.js';

export interface StepFlags {
  readonly runs: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly last?: number;
  readonly to?: string;
  readonly out?: string;
}

/** Of the table; `--csv` and `--json` have all. */
const SHOWN: Readonly<Record<string, string>> = {
  reward_mean: 'reward',
  first_correct: 'a1',
  second_correct: 'a2',
  format_rate: 'format',
  fallback_rate: 'fallback',
  think_tokens: 'think',
  zero_variance: 'flat',
  kl: 'KL',
  entropy: 'entropy',
  seconds: 's',
  tokens_per_second: 'tokens/s',
};

/** `vauto runs steps RUN`: the numbers of every optimiser step. */
export async function showSteps(name: string, flags: StepFlags): Promise<void> {
  const { run, steps } = withStore(flags.runs, (store) => {
    const found = findRun(store, name);
    const all = store.steps(found.id);
    return { run: found, steps: flags.last === undefined ? all : all.slice(-flags.last) };
  });
  if (flags.to !== undefined) await replay(run, steps, flags.to, flags);
  else if (flags.json) printJson({ run: run.name, steps });
  else if (flags.csv) process.stdout.write(csvOf(steps));
  else printText(steps.length === 0 ? `${run.name} has no training steps` : tableOf(steps));
}

/** To a tracker, by the callback that TRL would have used. */
async function replay(
  run: RunRecord,
  steps: readonly StepRow[],
  tracker: string,
  { out, json }: Pick<StepFlags, 'out' | 'json'>,
): Promise<void> {
  const { openBridge } = await import('../../bridge/index.js');
  const { ensureEnvironment } = await import('../../environment/index.js');
  const folder = resolve(out ?? join(run.folder, 'tensorboard'));
  const bridge = openBridge(await ensureEnvironment({ onProgress: (message) => process.stderr.write(`${message}\n`) }));
  try {
    const params = { tracker, folder, run_name: run.name, project: 'vauto', steps: steps.map((row) => ({ ...row })) };
    const told = await bridge.worker('trackers').call('trackers.replay', params);
    const place = tracker === 'tensorboard' ? { folder } : {};
    if (json) printJson({ run: run.name, tracker, ...told, ...place });
    else printText(`${told.steps} steps given to ${tracker}${tracker === 'tensorboard' ? `: ${folder}` : ''}`);
  } finally {
    await bridge.close();
  }
}

function tableOf(steps: readonly StepRow[]): string {
  const names = Object.keys(SHOWN).filter((name) => steps.some(({ metrics }) => typeof metrics[name] === 'number'));
  const columns: Column[] = ['step', ...names.map((name) => SHOWN[name] ?? name)].map((header) => ({
    header,
    align: 'right',
  }));
  const rows = steps.map(({ step, metrics }) => [
    step,
    ...names.map((name) => {
      const value = metrics[name];
      return typeof value === 'number' ? stepText(name, value) : null;
    }),
  ]);
  return formatTable(columns, rows, tableWidth());
}

/** All numbers, known ones first; an empty field where a step has none. Names and numbers need no quotes. */
function csvOf(steps: readonly StepRow[]): string {
  const present = new Set(steps.flatMap(({ metrics }) => Object.keys(metrics)));
  const known = stepNumbers.map(({ name }) => name).filter((name) => present.delete(name));
  const names = [...known, ...present];
  const lines = steps.map(({ step, metrics }) => [step, ...names.map((name) => metrics[name] ?? '')].join(','));
  return `${[['step', ...names].join(','), ...lines].join('\n')}\n`;
}
