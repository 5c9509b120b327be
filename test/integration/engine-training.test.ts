// GRPO whose rollouts come from the bridged vLLM: new weights before every step, the same training after a kill.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { engineTrainingArgs, GROUP, STEPS, sharedRun, vauto } from './shared-run.js';

let runs = '';
beforeAll(async () => {
  runs = await sharedRun();
});

const trainArgs = (run: string, extra: readonly string[] = []) => engineTrainingArgs(runs, run, extra);

async function shown(run: string) {
  const { stdout } = await vauto(['runs', 'show', run, '--runs', runs, '--json']);
  return JSON.parse(stdout);
}

const policyOf = (view: { artifacts: { name: string; sha256: string }[] }) =>
  view.artifacts.find(({ name }) => name === 'policy')?.sha256;

test('every step sees completions of its own weights, whose log-probs are those of the trainer', async () => {
  const { exitCode, stderr } = await vauto(trainArgs('by-engine'));
  expect(exitCode, stderr.slice(-3000)).toBe(0);
  const { training } = await shown('by-engine');
  expect(training.steps).toHaveLength(STEPS);
  for (const { metrics } of training.steps) {
    // The policy moves by 5e-5 a step; stale weights would show as a gap of a hundredth and more.
    expect(metrics.logp_gap_max).toBeLessThan(1e-3);
    expect(Math.abs(metrics.importance_ratio_mean - 1)).toBeLessThan(1e-3);
  }
  expect(new Set(training.steps.map(({ metrics }: { metrics: { loss: number } }) => metrics.loss)).size).toBe(STEPS);
  const { stdout } = await vauto([
    'runs',
    'traces',
    'by-engine',
    '--runs',
    runs,
    '--stage',
    'train',
    '--limit',
    '1000',
    '--json',
  ]);
  const { rows } = JSON.parse(stdout);
  expect(rows).toHaveLength(STEPS * GROUP.prompts * GROUP.size);
  for (const { rollout } of rows) expect(rollout.logprobs).toHaveLength(rollout.tokenIds.length);
  expect(rows.some((row: { trace: { confidence: number | null } }) => row.trace.confidence !== null)).toBe(true);
  expect(readdirSync(join(runs, 'by-engine', 'train'))).not.toContain('handover');
});

test('killed after its first checkpoint, it ends with the same weights', async () => {
  const first = vauto(trainArgs('killed-engine'));
  first.stderr?.on('data', (piece) => {
    if (/train: checkpoint after step 2/.test(String(piece))) first.kill('SIGKILL');
  });
  expect((await first).exitCode).not.toBe(0);
  const { exitCode, stderr } = await vauto(trainArgs('killed-engine'));
  expect(exitCode, stderr.slice(-3000)).toBe(0);
  const [whole, resumed] = [await shown('by-engine'), await shown('killed-engine')];
  expect(policyOf(resumed)).toBe(policyOf(whole));
  const losses = (view: typeof whole) =>
    view.training.steps.map(({ metrics }: { metrics: { loss: number } }) => metrics.loss);
  expect(losses(resumed)).toEqual(losses(whole));
});

test('engine and trainer that disagree stop the training, in the step where they do', async () => {
  const gate = ['train.paritySamples=0', 'train.parityTolerance=1e-9'];
  const { exitCode, stderr } = await vauto(trainArgs('disagree', gate));
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/engine and trainer disagree in step 1: one token's log-probs differ by \d\.\d+e-\d+/);
});

test.each([
  ['train.temperature=0.7', 'train.temperature is 0.7, but with train.generation engine it must be 1'],
  ['train.trl={top_p: 0.9}', 'train.trl.top_p: the engine samples without it'],
])('%s is refused', async (set, message) => {
  const { exitCode, stderr } = await vauto(trainArgs('refused', [set, 'train.paritySamples=0']));
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});
