import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

export const ROOT = resolve(import.meta.dirname, '..', '..');
export const VAUTO = join(ROOT, 'dist', 'cli', 'main.js');

/** The quickstart, small: every stage on real vLLM and TRL, in about two minutes on two cores. */
export const SMALL = [
  'data.train.0.limit=24',
  'data.train.0.minimum=1',
  'data.benchmarks.0.limit=12',
  'data.benchmarks.0.minimum=1',
  'data.benchmarks.1.limit=12',
  'data.benchmarks.1.minimum=1',
  'data.benchmarks.2.limit=12',
  'data.benchmarks.2.minimum=1',
  'data.benchmarks.3.limit=12',
  'data.benchmarks.3.minimum=1',
  'filter.rollouts=4',
  'train.steps=3',
  'train.saveEvery=2',
  'train.promptsPerStep=2',
  'train.groupSize=4',
  'evaluate.samples.count=1',
];

/** Runs vauto from another folder than the repository, as a user would. */
export function vauto(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  return execa('node', [VAUTO, ...args], {
    cwd: options.cwd ?? ROOT,
    env: options.env ?? {},
    reject: false,
    forceKillAfterDelay: 5000,
  });
}

export function smallRunArgs(runs: string, run = 'small', extra: readonly string[] = []): string[] {
  return [
    'run',
    join(ROOT, 'recipes', 'quickstart.yaml'),
    '--runs',
    runs,
    '--run',
    run,
    ...SMALL.flatMap((set) => ['--set', set]),
    ...extra,
  ];
}

/** A training of a few steps whose rollouts the engine makes. */
export const STEPS = 4;
export const GROUP = { prompts: 4, size: 4 };
export function engineTrainingArgs(runs: string, run: string, extra: readonly string[] = []): string[] {
  const sets = [
    'train.generation=engine',
    `train.steps=${STEPS}`,
    'train.saveEvery=2',
    `train.promptsPerStep=${GROUP.prompts}`,
    `train.groupSize=${GROUP.size}`,
    'data.train.0.limit=24',
    'data.train.0.minimum=1',
    `data.benchmarks=[{name: reasoning, path: ${join(ROOT, 'recipes', 'tiny', 'data', 'reasoning.jsonl')}, limit: 4}]`,
    'filter.enabled=false',
    'evaluate.samples.count=0',
    ...extra,
  ];
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const flags = sets.flatMap((set) => ['--set', set]);
  return ['run', recipe, '--runs', runs, '--run', run, '--until', 'train', ...flags];
}

export interface Served {
  readonly url: string;
  readonly runs: string;
  readonly run: string;
  /** A manifest of the tiny data, and how many of its questions. */
  readonly benchmark: string;
  readonly limit: number;
  /** Sampled rollouts of each question beside the greedy one. */
  readonly samples: number;
  readonly patience?: number;
}

/** Evaluates and sweeps the tiny data through a server that serves the tiny model. */
export function servedRun({ url, runs, run, benchmark, limit, samples, patience }: Served) {
  const file = join(ROOT, 'recipes', 'tiny', 'data', `${benchmark}.jsonl`);
  const sets = {
    'model.path': 'tiny',
    'filter.enabled': 'false',
    'train.enabled': 'false',
    'engine.kind': 'openai',
    'engine.args': '{}',
    'engine.server': JSON.stringify({ url, media: 'file', concurrency: 16, patience }),
    'data.train': '[]',
    'data.benchmarks': JSON.stringify([{ name: benchmark, path: file, limit }]),
    'evaluate.samples.count': String(samples),
    'evaluate.threshold': '0.9',
    'report.traces': '0',
  };
  const flags = Object.entries(sets).flatMap(([path, value]) => ['--set', `${path}=${value}`]);
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  return vauto(['run', recipe, '--run', run, '--runs', runs, '--no-cache', ...flags]);
}

/** Records the shared run into a file; gives the overrides by which the quickstart is replayed from it, in seconds. */
export async function recordSharedRun(recordings: string): Promise<string[]> {
  const { exitCode, stderr } = await vauto([
    ...['runs', 'export', 'small', '--rollouts', recordings],
    ...['--runs', await sharedRun()],
  ]);
  if (exitCode !== 0) throw new Error(`the shared run was not recorded:\n${stderr}`);
  return [
    ...SMALL,
    'train.enabled=false',
    'engine.kind=replay',
    `engine.recordings=${recordings}`,
    'engine.args={}',
    // Short units and no thumbnails: many commits, nothing but the ledger.
    'engine.unit=4',
    'report.traces=0',
  ];
}

/** The one small run that all integration tests look at; made by the global set-up, or here when a file runs alone. */
export async function sharedRun(): Promise<string> {
  const runs = process.env.VAUTO_TEST_RUNS ?? mkdtempSync(join(tmpdir(), 'vauto-shared-'));
  if (existsSync(join(runs, 'small', 'report', 'report.html'))) return runs;
  const { exitCode, stderr } = await vauto(smallRunArgs(runs));
  if (exitCode !== 0) throw new Error(`the shared run ended with ${exitCode}:\n${stderr.slice(-4000)}`);
  return runs;
}
