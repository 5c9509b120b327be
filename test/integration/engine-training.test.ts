// GRPO whose rollouts come from the bridged vLLM: new weights before every step, the same training after a kill.
import { readdirSync, readFileSync } from 'node:fs';
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

test('rounds of two steps made one round ahead: killed, it ends with the same weights; a step has its numbers', async () => {
  const ways = ['train.stepsPerRound=2', 'train.ahead=true', 'train.dynamicSampling=1', 'train.best=second_reward'];
  const whole = await vauto(trainArgs('ahead', ways));
  expect(whole.exitCode, whole.stderr.slice(-3000)).toBe(0);
  const first = vauto(trainArgs('ahead-killed', ways));
  first.stderr?.on('data', (piece) => {
    if (/train: checkpoint after step 2/.test(String(piece))) first.kill('SIGKILL');
  });
  expect((await first).exitCode).not.toBe(0);
  const { exitCode, stderr } = await vauto(trainArgs('ahead-killed', ways));
  expect(exitCode, stderr.slice(-3000)).toBe(0);

  const [kept, resumed] = [await shown('ahead'), await shown('ahead-killed')];
  expect(policyOf(resumed)).toBe(policyOf(kept));
  const { steps } = kept.training;
  expect(steps).toHaveLength(STEPS);
  // Both answers, format and thinking of the rollouts stand where a round begins, its speed where it ends.
  const named = (name: string) => steps.map(({ metrics }: { metrics: object }) => name in metrics);
  for (const name of ['first_reward', 'second_reward', 'format_rate', 'fallback_rate', 'think_tokens', 'zero_variance'])
    expect(named(name), name).toEqual([true, false, true, false]);
  expect(named('tokens_per_second')).toEqual([false, true, false, true]);
  expect(steps[0].metrics.reward_mean).toBeCloseTo(
    0.9 * steps[0].metrics.first_reward +
      1.1 * steps[0].metrics.second_reward +
      steps[0].metrics.format_rate +
      0.3 * steps[0].metrics.bonus_rate,
    5,
  );
  // The step whose policy is exported is a checkpoint that was kept, and the card says which it is.
  const { step } = kept.stages.find(({ name }: { name: string }) => name === 'train').result;
  expect(readdirSync(join(runs, 'ahead', 'train'))).toContain(`checkpoint-${step}`);
  expect(readFileSync(join(runs, 'ahead', 'train', 'policy', 'README.md'), 'utf8')).toContain('# quickstart');
  const csv = (await vauto(['runs', 'steps', 'ahead', '--runs', runs, '--csv'])).stdout.split('\n');
  expect(csv).toHaveLength(1 + STEPS);
  expect(csv[0]).toMatch(/^step,reward_mean,reward_std,first_reward,second_reward,/);
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
