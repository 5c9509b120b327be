import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Recording } from '../../orchestrator/records/index.js';
import { ROOT, SMALL, sharedRun, vauto } from './shared-run.js';

const scratch = mkdtempSync(join(tmpdir(), 'vauto-ledger-'));
const recordings = join(scratch, 'rollouts.jsonl');
const TINY = join(ROOT, 'recipes', 'tiny');
let runs = '';

beforeAll(async () => {
  runs = await sharedRun();
  const { exitCode, stderr } = await vauto(['runs', 'export', 'small', '--rollouts', recordings, '--runs', runs]);
  expect(exitCode, stderr).toBe(0);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const flags = (sets: readonly string[]) => sets.flatMap((set) => ['--set', set]);

/** Runs a recipe and returns what `runs show` says of it. */
async function run(recipe: string, name: string, args: readonly string[], folder = runs) {
  const made = await vauto(['run', recipe, '--runs', folder, '--run', name, ...args]);
  expect(made.exitCode, made.stderr).toBe(0);
  return show(name, folder);
}

async function show(name: string, folder = runs) {
  const { stdout } = await vauto(['runs', 'show', name, '--runs', folder, '--json']);
  return JSON.parse(stdout);
}

const accuracies = (view: { metrics: { stage: string; name: string; policy: string }[] }) =>
  view.metrics.filter(({ stage, name, policy }) => stage === 'evaluate' && name === 'accuracy' && policy !== 'sampled');

describe('recorded rollouts', () => {
  const replay = ['train.enabled=false', 'engine.kind=replay', `engine.recordings=${recordings}`, 'engine.args={}'];

  test('give the filter, the metrics and the frontier of the run again, without an engine', async () => {
    const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
    const [first, again] = [await show('small'), await run(recipe, 'replayed', flags([...SMALL, ...replay]), scratch)];
    expect(again.decisions).toEqual(first.decisions);
    expect(accuracies(again)).toEqual(accuracies(first));
    expect(again.sweep.pooled).toEqual(first.sweep.pooled);
    expect(again.ledger).toMatchObject({ lost: 0, retried: 0, cached: 0 });
  });

  test('that are not there are named, with what to do', async () => {
    const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
    const sets = flags([...SMALL, ...replay, 'seed=8']);
    const { exitCode, stderr } = await vauto(['run', recipe, '--runs', scratch, '--run', 'other-seed', ...sets]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /completion 0 of prompt .* was not recorded\n.*replay with the seed and the data of the run/,
    );
  });

  test('cannot be trained on', async () => {
    const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
    const sets = flags([...replay, 'train.enabled=true']);
    const { exitCode, stderr } = await vauto(['plan', recipe, ...sets]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('train.enabled is true, but recorded rollouts do not change with the weights');
  });
});

describe('rollouts are made once', () => {
  const BASE = join(scratch, 'recipe.yaml');
  const text = (line: string) => `version: 1
name: once
seed: 7
model: {path: ${join(TINY, 'model')}}
prompting: {system: ${join(TINY, 'system.txt')}}
data:
  train: [{path: train.jsonl, root: ${join(TINY, 'data')}}]
  benchmarks: [{name: reasoning, path: reasoning.jsonl, root: ${join(TINY, 'data')}, onError: skip}]
video: {fps: 2, maxFrames: 16, minTokensPerFrame: 1, maxTokensPerFrame: 16, totalTokens: 256}
engine:
  unit: 16
  args: {enforce_eager: true, dtype: float32, max_model_len: 512, max_num_seqs: 16, max_num_batched_tokens: 8192, enable_chunked_prefill: false}
filter: {rollouts: 4, maxTokens: 96}
train: {enabled: false}
evaluate: {maxTokens: 96, samples: {count: 1}}
sweep: {liveCheck: false}
${line}`;
  const rowsOf = (name: string, count: number) =>
    readFileSync(join(TINY, 'data', `${name}.jsonl`), 'utf8')
      .split('\n')
      .slice(0, count);
  const counts = (view: { ledger: { rollouts: number; cached: number; lost: number } }) => view.ledger;
  let made = 0;

  beforeAll(async () => {
    for (const [name, count] of [
      ['train', 10],
      ['reasoning', 6],
    ] as const)
      writeFileSync(join(scratch, `${name}.jsonl`), rowsOf(name, count).join('\n'));
    writeFileSync(BASE, text(''));
    const first = await run(BASE, 'once', [], scratch);
    expect(counts(first)).toMatchObject({ cached: 0, lost: 0 });
    made = first.ledger.rollouts;
  });

  test('another report and a corrected gold answer make none again; the answer is graded anew', async () => {
    const rows = rowsOf('reasoning', 6).map((line) => JSON.parse(line));
    const corrected = [{ ...rows[0], answer: '999' }, ...rows.slice(1)];
    writeFileSync(join(scratch, 'corrected.jsonl'), corrected.map((row) => JSON.stringify(row)).join('\n'));
    const sets = flags(['report.traces=1', 'data.benchmarks.0.path=corrected.jsonl']);
    const view = await run(BASE, 'corrected', sets, scratch);
    expect(counts(view)).toMatchObject({ rollouts: made, cached: made, lost: 0 });
    expect(accuracies(view)).not.toEqual(accuracies(await show('once', scratch)));
  });

  test('several engines find them, and with the store passed by make the same tokens', async () => {
    const two = flags(['engine.workers=2']);
    expect(counts(await run(BASE, 'found', two, scratch))).toMatchObject({ rollouts: made, cached: made });
    const view = await run(BASE, 'two', [...two, '--no-cache'], scratch);
    expect(counts(view)).toMatchObject({ rollouts: made, cached: 0, lost: 0 });
    const tokens = async (name: string) => {
      const file = join(scratch, `${name}.export`);
      await vauto(['runs', 'export', name, '--runs', scratch, '--rollouts', file]);
      const rows = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Recording);
      return new Map(rows.map((row) => [`${row.stage}/${row.pass}/${row.prompt_id}/${row.index}`, row.token_ids]));
    };
    expect(await tokens('two')).toEqual(await tokens('once'));
  });

  test('--retry errors has what failed again, and leaves the earlier attempt visible', async () => {
    const video = join(scratch, 'video.mp4');
    const [row] = rowsOf('reasoning', 1).map((line) => JSON.parse(line));
    copyFileSync(join(TINY, 'data', row.video), video);
    const rows = [
      ...rowsOf('reasoning', 6),
      JSON.stringify({ ...row, id: 'long', question: `${row.question} ${'Look closely. '.repeat(80)}` }),
    ];
    writeFileSync(join(scratch, 'long.jsonl'), rows.join('\n'));
    const sets = flags(['data.benchmarks.0.path=long.jsonl']);
    const first = await run(BASE, 'errors', sets, scratch);
    expect(first.ledger).toMatchObject({ failures: 2, lost: 0 });
    expect(first.ledger.stages.find(({ stage }: { stage: string }) => stage === 'evaluate')).toMatchObject({
      promptsIn: 7,
      done: 6,
      unknown: 1,
    });
    const again = await run(BASE, 'errors', [...sets, '--retry', 'errors'], scratch);
    expect(again.earlier).toMatchObject([
      { name: 'evaluate', attempt: 1, status: 'done' },
      { name: 'sweep' },
      { name: 'report' },
    ]);
    expect(again.ledger).toMatchObject({ failures: 2, lost: 0, rollouts: first.ledger.rollouts });
    const evaluate = again.ledger.stages.find(({ stage }: { stage: string }) => stage === 'evaluate');
    expect(evaluate.cached).toBe(evaluate.rollouts);
  });
});
