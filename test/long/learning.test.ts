// Does GRPO learn, and from what in its reward? The ablation of docs/training.md: four rewards, three seeds each; twelve trainings, so
// not part of `npm test`. Written to docs/results/ablation.json. VAUTO_LONG_RUNS names a store that keeps the runs: a second
// start goes on where the first was. VAUTO_LONG_TINY=1 tries the command out in four minutes and records nothing.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PooledRow } from '../../orchestrator/cli/matrix/pool.js';
import type { MatrixRow } from '../../orchestrator/cli/matrix/rows.js';
import { ROOT, vauto } from '../integration/shared-run.js';
import { record, showRun } from './record.js';

interface Ablation {
  readonly benchmark: string;
  readonly over: string;
  readonly rows: readonly PooledRow[];
  readonly runs: readonly MatrixRow[];
}

const tiny = process.env.VAUTO_LONG_TINY === '1';
const runs = process.env.VAUTO_LONG_RUNS ?? mkdtempSync(join(tmpdir(), 'vauto-learning-'));
const name = tiny ? 'ablation-tiny' : 'ablation';
const seeds = tiny ? [7, 8] : [7, 8, 9];
const VARIANTS = ['paper', 'without-alpha', 'w1-only', 'w2-only'];

const reasoning = 'name: reasoning, path: tiny/data/reasoning.jsonl';
/** As docs/training.md has it. */
const FULL = [`data.benchmarks=[{${reasoning}, minimum: 200}]`, 'evaluate.samples.count=4', 'train.steps=30'];
const SMALL = [
  `data.benchmarks=[{${reasoning}, limit: 12}]`,
  'data.train.0.limit=24',
  'data.train.0.minimum=1',
  'filter.enabled=false',
  'evaluate.samples.count=2',
  'train.steps=2',
  'train.promptsPerStep=2',
  'train.groupSize=4',
];

async function matrix(extra: readonly string[]) {
  const flags = ['--until', 'evaluate', '--benchmark', 'reasoning', '--variants', 'recipes/ablation.variants.yaml'];
  const sets = (tiny ? SMALL : FULL).flatMap((set) => ['--set', set]);
  const over = ['--vary', `seed=${seeds.join(',')}`, '--over', 'seed'];
  const store = ['--runs', runs, '--run', name];
  return vauto(['matrix', 'recipes/quickstart.yaml', ...flags, ...over, ...sets, ...store, ...extra], { cwd: ROOT });
}

describe('the ablation', () => {
  let ablation: Ablation;
  beforeAll(async () => {
    const { exitCode, stdout, stderr } = await matrix(['--json']);
    expect(exitCode, stderr.slice(-4000)).toBe(0);
    ablation = JSON.parse(stdout) as Ablation;
    if (tiny) return;
    const shown = await Promise.all(ablation.runs.map(({ run }) => showRun(runs, run)));
    const [first] = shown;
    if (first === undefined) throw new Error('there is no run');
    const { benchmark, over, rows } = ablation;
    const seconds = Math.round(shown.reduce((sum, { usage }) => sum + usage.seconds, 0));
    record('ablation', first, { seconds, settings: FULL, benchmark, over, rows });
  }, 3 * 3_600_000);

  test('has every variant with all seeds, on the same questions', () => {
    expect(ablation.rows.map(({ variant }) => variant)).toEqual(VARIANTS);
    for (const { over, missing, pass, second } of ablation.rows) {
      expect({ over, missing, pass }).toEqual({ over: seeds, missing: [], pass: 'sampled' });
      expect(second?.byRun).toHaveLength(seeds.length);
      expect(second?.n).toBe(seeds.length * (tiny ? 12 : 220));
    }
    // Before training all variants of a seed are one policy, asked with the same seeds.
    expect(new Set(ablation.rows.map(({ second }) => second?.before)).size).toBe(1);
  });

  test('started again, runs nothing and prints the same', { timeout: 300_000 }, async () => {
    const { stdout, stderr } = await matrix(['--json']);
    expect(JSON.parse(stdout)).toEqual(ablation);
    expect(stderr.match(/^evaluate: already done/gm)).toHaveLength(VARIANTS.length * seeds.length);
    const { stdout: table } = await matrix(['--format', 'markdown']);
    process.stderr.write(`${table}\n`);
    expect(table.trim().split('\n')).toHaveLength(2 + VARIANTS.length);
  });

  test.runIf(!tiny)(
    "with the paper's weights the second answer's gain lies above 0 with its whole 95% interval",
    () => {
      const gain = ablation.rows.find(({ variant }) => variant === 'paper')?.second;
      expect(gain?.gain).toBeGreaterThan(0);
      expect(gain?.low).toBeGreaterThan(0);
    },
  );
});
