// A trained switch (AdaptThink): half of each group made to answer at once, half to think, on text and video prompts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredRollout } from '../../orchestrator/store/index.js';
import { ROOT, vauto } from './shared-run.js';

const STEPS = 2;
const GROUP = { prompts: 6, size: 4 };
const BENCHMARK = join(ROOT, 'recipes', 'tiny', 'data', 'reasoning.jsonl');
const SETS = [
  `train.steps=${STEPS}`,
  'train.saveEvery=2',
  `train.promptsPerStep=${GROUP.prompts}`,
  `train.groupSize=${GROUP.size}`,
  // Among these are questions in text alone.
  'data.train.0.limit=24',
  'data.train.0.minimum=1',
  `data.benchmarks=[{name: reasoning, path: ${BENCHMARK}, limit: 8}]`,
  'evaluate.samples.count=0',
];

let runs = '';
afterAll(() => rmSync(runs, { recursive: true, force: true }));
beforeAll(async () => {
  runs = mkdtempSync(join(tmpdir(), 'vauto-adapt-'));
  const recipe = join(ROOT, 'recipes', 'adapt-think.yaml');
  const sets = SETS.flatMap((set) => ['--set', set]);
  const { exitCode, stderr } = await vauto(['run', recipe, '--runs', runs, '--run', 'switch', ...sets]);
  expect(exitCode, stderr.slice(-3000)).toBe(0);
});

async function told<T>(...args: string[]): Promise<T> {
  const { stdout } = await vauto(['runs', ...args, '--runs', runs, '--json']);
  return JSON.parse(stdout) as T;
}

test('each group is half direct and half thinking, and the direct half earns its bonus', async () => {
  const { rows } = await told<{ rows: StoredRollout[] }>('traces', 'switch', '--stage', 'train', '--limit', '1000');
  expect(rows).toHaveLength(STEPS * GROUP.prompts * GROUP.size);
  for (const { rollout, trace, reward } of rows) {
    const direct = rollout.index < GROUP.size / 2;
    const begin = direct ? '\\boxed' : '<think>';
    expect(rollout.text.startsWith(begin)).toBe(true);
    expect([rollout.forced, rollout.logprobs[0], rollout.tokenEnds[0]]).toEqual([1, Math.log(0.5), begin.length]);
    expect(rollout.logprobs).toHaveLength(rollout.tokenIds.length);
    // A direct reply may still go on to think; only one that does not earns δ.
    if (!direct) expect(trace.think).not.toBeNull();
    expect(reward?.direct).toBe(trace.think === null ? 0.05 : 0);
    expect(reward?.total).toBeCloseTo((reward?.second ?? 0) + 0.5 * trace.format + (reward?.direct ?? 0), 9);
  }
  expect(rows.filter(({ reward }) => reward?.direct === 0.05).length).toBeGreaterThan(rows.length / 4);
  const media = readFileSync(join(runs, 'switch', 'train', 'prompts.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const used = new Set(rows.map(({ promptId }) => promptId));
  const kinds = media
    .map((line) => JSON.parse(line) as { id: string; media: unknown[] })
    .filter(({ id }) => used.has(id))
    .map((row) => row.media.length);
  expect(new Set(kinds)).toEqual(new Set([0, 1]));
});

test('the correction for the forced beginnings is there, and engine and trainer agree on all other tokens', async () => {
  const { training } = await told<{ training: { steps: { metrics: Record<string, number> }[] } }>('show', 'switch');
  expect(training.steps).toHaveLength(STEPS);
  for (const { metrics } of training.steps) {
    expect(metrics.logp_gap_max).toBeLessThan(1e-3);
    // Policy over coin: at most 1 over 1/2, where the policy is sure of one beginning.
    expect(metrics.importance_ratio_max).toBeGreaterThan(1.001);
    expect(metrics.importance_ratio_max).toBeLessThan(2.001);
    expect(metrics.importance_ratio_min).toBeLessThan(0.999);
    expect(metrics.ungraded).toBe(0);
    for (const name of ['direct_rate', 'direct_correct', 'think_correct']) expect(metrics).toHaveProperty(name);
  }
});

test('the evaluation has replies of their own for each policy, and the report says whose choice it was', async () => {
  type Metric = { stage: string; policy: string; name: string; value: number; n: number };
  const { metrics } = await told<{ metrics: Metric[] }>('show', 'switch');
  const value = (policy: string, name: string) =>
    metrics.find((row) => row.stage === 'evaluate' && row.policy === policy && row.name === name);
  expect(value('always', 'think-ratio')).toMatchObject({ value: 1, n: 8 });
  expect(value('never', 'think-ratio')?.value).toBeLessThan(0.5);
  expect(value('auto', 'tokens')?.value).toBeGreaterThan(value('never', 'tokens')?.value ?? 0);
  for (const policy of ['never', 'always', 'auto']) expect(value(policy, 'gain')?.n).toBe(8);
  const report = readFileSync(join(runs, 'switch', 'report', 'report.md'), 'utf8');
  expect(report).toContain('The model chooses by itself whether to think');
  expect(report).not.toContain('τ');
});
