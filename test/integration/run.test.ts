import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../orchestrator/store/index.js';
import { contentOf } from './kills.js';
import { ROOT, sharedRun, smallRunArgs, vauto } from './shared-run.js';

let runs = '';
beforeAll(async () => {
  runs = await sharedRun();
});

async function json(args: readonly string[]) {
  const { stdout, exitCode, stderr } = await vauto([...args, '--runs', runs, '--json']);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

interface Metric {
  stage: string;
  benchmark: string;
  policy: string;
  name: string;
  value: number;
}

describe('a run of every stage', () => {
  test('is done, stage by stage, with nothing lost', async () => {
    const shown = await json(['runs', 'show', 'small']);
    expect(shown.run.status).toBe('done');
    const names = shown.stages.map((stage: { name: string; status: string }) => `${stage.name} ${stage.status}`);
    expect(names).toEqual([
      'filter done',
      'evaluate-before done',
      'train done',
      'evaluate done',
      'sweep done',
      'report done',
    ]);
    expect(shown.ledger.prompts.train).toBe(24);
    expect(shown.ledger.kept + shown.ledger.dropped + shown.ledger.unknown).toBe(24);
    for (const stage of shown.ledger.stages) expect(stage.lost).toBe(0);
  });

  test('gives accuracy and tokens of each policy, and what training changed', async () => {
    const { metrics } = (await json(['runs', 'show', 'small'])) as { metrics: Metric[] };
    const find = (policy: string, name: string) =>
      metrics.find(
        (row) =>
          row.stage === 'evaluate' && row.benchmark === 'reasoning' && row.policy === policy && row.name === name,
      );
    for (const policy of ['never', 'always', 'auto', 'sampled', 'chance'])
      expect(find(policy, 'accuracy'), policy).toBeDefined();
    expect(find('never', 'tokens')?.value).toBeLessThan(find('always', 'tokens')?.value ?? 0);
    expect(find('sampled', 'gain')).toBeDefined();
  });

  test('keeps each rollout with its tokens, box, confidence and reward', async () => {
    const { rows } = await json(['runs', 'traces', 'small', '--stage', 'evaluate', '--limit', '5']);
    expect(rows).toHaveLength(5);
    for (const row of rows) {
      const { rollout, trace } = row;
      expect(rollout.tokenIds.length).toBe(rollout.logprobs.length);
      expect(rollout.tokenEnds.at(-1)).toBe(rollout.text.length);
      if (trace.first === null || trace.confidence === null) continue;
      const inside = rollout.logprobs.slice(trace.first.tokenStart, trace.first.tokenEnd);
      const mean = inside.reduce((sum: number, value: number) => sum + value, 0) / inside.length;
      expect(trace.confidence).toBeCloseTo(Math.exp(mean), 9);
      expect(rollout.text.slice(trace.first.charStart, trace.first.charEnd)).toBe(trace.first.text);
    }
  });

  test('leaves a sound backup of the store', () => {
    const backup = openStore(join(runs, 'vauto.db.backup'), { readonly: true });
    expect(backup.findRun('small')?.status).toBe('done');
    backup.close();
  });

  test('leaves a report that needs no network and runs no script', async () => {
    const page = readFileSync(join(runs, 'small', 'report', 'report.html'), 'utf8');
    expect(page).toContain('data:image/png;base64,');
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org|arxiv\.org)/);
    const text = readFileSync(join(runs, 'small', 'report', 'report.md'), 'utf8');
    expect(text).toContain('reasoning');
    for (const [, figure] of text.matchAll(/\]\(([^)]+\.svg)\)/g))
      expect(existsSync(join(runs, 'small', 'report', figure ?? ''))).toBe(true);
  });

  test('is answered by vauto sweep with the same frontier', async () => {
    const swept = await json(['sweep', 'small']);
    const stored = JSON.parse(readFileSync(join(runs, 'small', 'sweep', 'sweep.json'), 'utf8'));
    expect(swept.points).toEqual(stored.pooled.points);
    expect(swept.always).toEqual(stored.pooled.always);
    expect(swept.chosen).toEqual(stored.pooled.chosen);
    expect(swept.bands).toEqual(stored.pooled.bands);
  });

  test('stops early by itself as its recorded traces promise', async () => {
    const { live, pooled } = JSON.parse(readFileSync(join(runs, 'small', 'sweep', 'sweep.json'), 'utf8'));
    expect(live).toMatchObject({ threshold: pooled.chosen.threshold, n: pooled.chosen.n, same: pooled.chosen.n });
    expect(live.live).toEqual(live.predicted);
    expect(live.modes).toEqual({ engine: live.n });
    expect(live.wastedTokens).toBeLessThanOrEqual(live.n);
    expect(live.confidenceError).toBeLessThan(1e-4);
    const { ledger } = await json(['runs', 'show', 'small']);
    expect(ledger.stages).toContainEqual(expect.objectContaining({ stage: 'sweep', rollouts: live.n, lost: 0 }));
    const { rows } = await json(['runs', 'traces', 'small', '--stage', 'sweep', '--limit', '1000']);
    for (const { rollout } of rows.filter((row: { rollout: { exit: { exited: boolean } } }) => row.rollout.exit.exited))
      expect(rollout).toMatchObject({ finishReason: 'exit', text: expect.stringMatching(/^\\boxed\{.*\}$/) });
    const explained = await vauto([
      'runs',
      'traces',
      'small',
      '--runs',
      runs,
      '--stage',
      'sweep',
      '--limit',
      '1',
      '--explain',
    ]);
    expect(explained.stdout).toMatch(/early exit {5}(yes|no) \(engine, /);
    const csv = readFileSync(join(runs, 'small', 'sweep', 'sweep.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(csv.filter((line) => line.startsWith('all,'))).toHaveLength(pooled.points.length);
    const printed = await vauto(['sweep', 'small', '--runs', runs, '--csv']);
    expect(csv.slice(0, pooled.points.length + 1)).toEqual(printed.stdout.split('\n'));
  });

  test('costs nothing when it is run again', async () => {
    const { stderr, exitCode } = await vauto(smallRunArgs(runs));
    expect(exitCode, stderr).toBe(0);
    for (const stage of ['filter', 'evaluate-before', 'train', 'evaluate', 'sweep', 'report']) {
      expect(stderr).toMatch(new RegExp(`${stage}: already done`));
    }
  });

  test('the trained policy is an ordinary transformers folder', () => {
    const policy = join(runs, 'small', 'train', 'policy');
    for (const file of ['config.json', 'tokenizer.json', 'model.safetensors'])
      expect(existsSync(join(policy, file))).toBe(true);
  });
});

test('a matrix is checked whole before it starts, and reported in one table', async () => {
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const only = ['train.enabled=false', 'filter.enabled=false', 'data.train=[]', 'evaluate.samples.count=0'];
  const benchmarks = `data.benchmarks=[{name: reasoning, path: ${join(ROOT, 'recipes/tiny/data/reasoning.jsonl')}}]`;
  const flags = [benchmarks, ...only, 'data.benchmarks.0.limit=8'].flatMap((set) => ['--set', set]);
  const args = ['matrix', recipe, '--runs', runs, '--run', 'm', '--json', ...flags];
  const wrong = await vauto([...args, '--vary', 'evaluate.threshold=0.5,7']);
  expect([wrong.exitCode, wrong.stdout]).toEqual([2, expect.stringContaining('evaluate.threshold')]);
  const { stdout, exitCode, stderr } = await vauto([...args, '--vary', 'evaluate.threshold=0.05,1']);
  expect(exitCode, stderr).toBe(0);
  const { rows } = JSON.parse(stdout);
  expect(rows.map((row: { run: string }) => row.run)).toEqual(['m-threshold-0.05', 'm-threshold-1']);
  expect(rows[0].tokens.auto).toBeLessThan(rows[0].tokens.always);
  expect(rows[1].tokens.auto).toBe(rows[1].tokens.always);
  expect(rows[1]).toMatchObject({ status: 'done', error: null, accuracy: { always: expect.any(Number) } });
});

test('the same recipe in an empty store, killed in the filter and started again: equal rollouts, rewards, weights and numbers', {
  timeout: 600_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-twice-'));
  const first = vauto(smallRunArgs(folder));
  let seen = '';
  first.stderr?.on('data', (chunk) => {
    seen += String(chunk);
    if (/filter: \d+\/96/.test(seen)) first.kill('SIGKILL');
  });
  expect((await first).exitCode).not.toBe(0);
  const second = await vauto(smallRunArgs(folder));
  expect(second.exitCode, second.stderr).toBe(0);
  const [once, twice] = [contentOf(join(runs, 'vauto.db'), 'small'), contentOf(join(folder, 'vauto.db'), 'small')];
  expect(once.artifacts.map(({ name }) => name)).toContain('policy');
  expect(once.ledger).toMatchObject({ cached: 0, lost: 0 });
  expect(twice).toEqual(once);
  rmSync(folder, { recursive: true });
});

describe('what is wrong is said before anything runs', () => {
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const cases: [string, string[], RegExp][] = [
    ['an unknown key', ['--set', 'train.stepz=3'], /train\.stepz.*\n(.*\n)*.*steps/],
    ['a wrong type', ['--set', 'train.steps=many'], /train\.steps/],
    ['a folder that is no model', ['--set', 'model.path=./tiny/data'], /config\.json/],
    ['a manifest that is not there', ['--set', 'data.train.0.path=gone.jsonl'], /gone\.jsonl/],
    [
      'an engine argument that vLLM does not have',
      ['--set', 'engine.args.max_modle_len=5'],
      /max_modle_len.*\n(.*\n)*.*max_model_len/,
    ],
  ];
  test.each(cases)('%s', async (_name, flags, message) => {
    const { exitCode, stderr } = await vauto(['run', recipe, '--runs', runs, '--run', 'wrong', ...flags]);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });

  test('another recipe under the name of a run', async () => {
    const { exitCode, stderr } = await vauto([...smallRunArgs(runs), '--set', 'seed=8']);
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toContain('--run NAME');
  });
});
