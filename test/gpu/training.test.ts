// Training on one GPU: the tiny model and a random half-billion Qwen2.5-VL with rollouts of the engine, and of TRL's own vLLM on prompts
// of text. `npm run test:gpu`; what it saw goes to docs/results/gpu-training.json. Without a device everything here is skipped.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, vauto } from '../integration/shared-run.js';
import { device } from './device.js';

const TINY = join(ROOT, 'recipes', 'tiny');
const PYTHON = process.env.VAUTO_PYTHON ?? join(ROOT, '.venv', 'bin', 'python');
const folder = mkdtempSync(join(tmpdir(), 'vauto-gpu-training-'));
const seen: Record<string, unknown> = {};
let packages: Record<string, string> = {};

/** The training prompts that have no video. */
function textPrompts(): string {
  const file = join(folder, 'text.jsonl');
  const lines = readFileSync(join(TINY, 'data', 'train.jsonl'), 'utf8')
    .trim()
    .split('\n');
  writeFileSync(file, `${lines.filter((line) => !('video' in JSON.parse(line))).join('\n')}\n`);
  return file;
}

/** Trains a few steps; gives its numbers, means over the steps after the first. */
async function train(run: string, sets: readonly string[]) {
  const all = [
    'train.steps=6',
    'train.saveEvery=6',
    'filter.enabled=false',
    'evaluate.samples.count=0',
    'data.train.0.minimum=1',
    `data.benchmarks=[{name: reasoning, path: ${join(TINY, 'data', 'reasoning.jsonl')}, limit: 4}]`,
    // Both share the memory of one GPU.
    'engine.args.gpu_memory_utilization=0.3',
    ...sets,
  ];
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const flags = all.flatMap((set) => ['--set', set]);
  const { exitCode, stderr } = await vauto([
    'run',
    recipe,
    '--runs',
    folder,
    '--run',
    run,
    '--until',
    'train',
    ...flags,
  ]);
  expect(exitCode, stderr.slice(-4000)).toBe(0);
  const { stdout } = await vauto(['runs', 'show', run, '--runs', folder, '--json']);
  const { training, stages, run: told } = JSON.parse(stdout);
  packages = told.environment.packages;
  const steps = training.steps.slice(1) as { metrics: Record<string, number> }[];
  const mean = (name: string) => steps.reduce((sum, { metrics }) => sum + (metrics[name] ?? 0), 0) / steps.length;
  const names = ['seconds', 'generate_seconds', 'forward_seconds', 'backward_seconds', 'logp_gap_mean', 'logp_gap_max'];
  const parity = stages.find(({ name }: { name: string }) => name === 'train').result.parityMaxGap;
  seen[run] = { ...Object.fromEntries(names.map((name) => [name, mean(name)])), parity };
  return steps;
}

describe.skipIf(device === undefined)('on a CUDA device', () => {
  let large = '';
  beforeAll(async () => {
    const setup = await vauto(['setup', '--engine', 'cuda']);
    expect(setup.exitCode, setup.stderr).toBe(0);
    large = join(folder, 'half-billion');
    const { stdout } = await execa(PYTHON, [join(ROOT, 'test', 'gpu', 'random_model.py'), join(TINY, 'model'), large]);
    expect(Number(stdout.trim().split('\n').at(-1))).toBeGreaterThan(4e8);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    const versions = Object.fromEntries(['vllm', 'trl', 'torch', 'transformers'].map((name) => [name, packages[name]]));
    const result = { date: new Date().toISOString().slice(0, 10), device, versions, ...seen };
    writeFileSync(join(ROOT, 'docs', 'results', 'gpu-training.json'), `${JSON.stringify(result, null, 2)}\n`);
  });

  const bfloat16 = 'train.trl={bf16: true, gradient_checkpointing: true, per_device_train_batch_size: 16}';
  // Engine and trainer in bfloat16 differ by more than in float32.
  const precise = ['train.parityTolerance=0.1'];
  const half = () => [`model.path=${large}`, 'engine.args.dtype=bfloat16', bfloat16, 'train.parityTolerance=0.5'];

  test('the tiny model, rollouts by the engine', async () => {
    expect(await train('tiny-engine', precise)).toHaveLength(5);
  });

  test('the tiny model, rounds of two steps made ahead', async () => {
    expect(await train('tiny-ahead', [...precise, 'train.stepsPerRound=2', 'train.ahead=true'])).toHaveLength(5);
  });

  test('half a billion random weights, rollouts by an engine that sleeps during the steps, and by one that does not', async () => {
    const numbers = async (run: string, sleep: string) =>
      (await train(run, [...half(), `train.sleep=${sleep}`])).map(({ metrics }) => metrics.logp_gap_max);
    const [slept, awake] = [await numbers('half-billion-sleep', 'on'), await numbers('half-billion-awake', 'off')];
    // Log-probs of an engine that woke with old or broken weights would be those of another model.
    for (const gap of slept) expect(gap).toBeLessThan(2 * Math.max(...awake.map(Number)) + 0.05);
    const log = readFileSync(join(folder, 'half-billion-sleep', 'workers.log'), 'utf8');
    expect(log).toContain('Sleep mode freed');
    expect(readFileSync(join(folder, 'half-billion-awake', 'workers.log'), 'utf8')).not.toContain('Sleep mode freed');
  });

  test('half a billion random weights, rollouts by the engine', async () => {
    expect(await train('half-billion-engine', half())).toHaveLength(5);
  });

  test.each([
    ['tiny-colocate', () => precise],
    ['half-billion-colocate', half],
  ])("%s: TRL's own vLLM in the trainer's process, on text", async (run, sets) => {
    const text = [`data.train.0.path=${textPrompts()}`, 'train.generation=colocate', 'train.paritySamples=0'];
    const memory = 'train.trl.vllm_gpu_memory_utilization=0.2';
    expect(await train(run, [...sets(), ...text, memory])).toHaveLength(5);
  });
});
