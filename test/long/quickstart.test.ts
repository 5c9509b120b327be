import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, vauto } from '../integration/shared-run.js';
import { type Metric, record, type Shown, showRun } from './record.js';

// The quickstart at its full size, and its control: minutes each, so not part of `npm test`. What was measured is written to
// docs/results. VAUTO_LONG_RUNS names a store that keeps the runs: a second start then only looks at them.

const runs = process.env.VAUTO_LONG_RUNS ?? mkdtempSync(join(tmpdir(), 'vauto-long-'));
const benchmarks = ['perception', 'reasoning', 'grounding', 'grounding-qa'];

async function finished(name: string, extra: readonly string[] = []): Promise<Shown> {
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const { exitCode, stderr } = await vauto(['run', recipe, '--runs', runs, '--run', name, ...extra]);
  expect(exitCode, stderr.slice(-4000)).toBe(0);
  const shown = await showRun(runs, name);
  expect(shown.run.status).toBe('done');
  const { stages, ledger, metrics, training, usage } = shown;
  const { rewardFirst, rewardLast } = training;
  record(name, shown, {
    usage,
    stages: Object.fromEntries(stages.map((stage) => [stage.name, stage.seconds])),
    ledger,
    training: { rewardFirst, rewardLast },
    metrics,
  });
  return shown;
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
