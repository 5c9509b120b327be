import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killable, type Moment } from './kills.js';
import type { Target } from './processes.js';
import { ROOT, vauto } from './shared-run.js';

const TINY = join(ROOT, 'recipes', 'tiny');
const PROMPTS = 20;
const HELD_OUT = 8;
const ROLLOUTS = 4;

/** The quickstart as small as it gets, in short units, with one video that does not decode. */
const RECIPE = `version: 1
name: stopped
seed: 7
model: {path: ${join(TINY, 'model')}}
prompting: {system: ${join(TINY, 'system.txt')}}
data:
  train: [{path: train.jsonl, onError: skip}]
  benchmarks: [{name: reasoning, path: reasoning.jsonl}]
video: {fps: 2, maxFrames: 16, minTokensPerFrame: 1, maxTokensPerFrame: 16, totalTokens: 256}
engine:
  unit: 8
  args:
    {enforce_eager: true, dtype: float32, max_model_len: 512, max_num_seqs: 16, max_num_batched_tokens: 8192, enable_chunked_prefill: false}
filter: {rollouts: ${ROLLOUTS}, temperature: 1.0, maxTokens: 96}
train: {steps: 4, promptsPerStep: 2, groupSize: 4, learningRate: 1e-4, maxCompletionTokens: 96, saveEvery: 2}
evaluate: {threshold: 0.9, maxTokens: 96, samples: {count: 1, temperature: 1.0}}
report: {traces: 1}
`;

const folder = mkdtempSync(join(tmpdir(), 'vauto-stopped-'));
const runs = join(folder, 'runs');
/** A disk of its own, so that it can be full; needs root. */
const ownDisk = process.platform === 'linux' && process.getuid?.() === 0;
const recipe = join(folder, 'r.yaml');
const one = killable(runs, [recipe]);
/** The same, left alone. */
const other = killable(join(folder, 'whole'), [recipe]);
const RESUME = `vauto run ${recipe} --run one --runs ${runs} --no-cache`;

beforeAll(() => {
  mkdirSync(runs);
  if (ownDisk) execaSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'none', runs]);
  writeFileSync(recipe, RECIPE);
  const broken = JSON.stringify({ id: 'x', question: 'What?', answer: '1', problem_type: 'math', video: 'broken.mp4' });
  writeFileSync(
    join(folder, 'broken.mp4'),
    readFileSync(join(TINY, 'data', 'videos', 'train-000.mp4')).subarray(0, 900),
  );
  writeFileSync(join(folder, 'train.jsonl'), `${broken}\n${firstRows('train', PROMPTS)}`);
  writeFileSync(join(folder, 'reasoning.jsonl'), firstRows('reasoning', HELD_OUT));
});

afterAll(() => {
  if (ownDisk) execaSync('umount', [runs]);
  rmSync(folder, { recursive: true, force: true });
});

/** The first rows of a manifest of the tiny data, with their videos copied beside the recipe. */
function firstRows(name: string, count: number): string {
  const lines = readFileSync(join(TINY, 'data', `${name}.jsonl`), 'utf8')
    .split('\n')
    .slice(0, count);
  mkdirSync(join(folder, 'videos'), { recursive: true });
  for (const line of lines) {
    const { video } = JSON.parse(line) as { video?: string };
    if (video !== undefined) copyFileSync(join(TINY, 'data', video), join(folder, 'videos', basename(video)));
  }
  return lines.join('\n');
}

/** A signal when standard error shows the pattern. */
const on = (when: RegExp, signal: NodeJS.Signals, target: Target): Moment => ({ when, what: { signal, target } });
const ctrlC = (when: RegExp) => on(when, 'SIGINT', 'orchestrator');

/** Starts the run and lets the moments come, all of which must be met with; a signal must reach somebody. */
async function sit(...moments: readonly Moment[]) {
  const sitting = await one.sitting('one', moments);
  expect(sitting.hit, sitting.stderr).toHaveLength(moments.length);
  expect(sitting.hit, sitting.stderr).not.toContain(0);
  return sitting;
}

async function shown() {
  const { stdout, stderr } = await vauto(['runs', 'show', 'one', '--json', '--runs', runs]);
  expect(stderr).toBe('');
  const view = JSON.parse(stdout);
  const stages = view.stages.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`);
  return { ...view, stages } as {
    run: { status: string };
    stages: string[];
    resume: string;
    ledger: Ledger;
    filter: { saved: { rollouts: number } };
    warnings: object[];
  };
}

interface Ledger {
  readonly lost: number;
  readonly failures: number;
  readonly stages: readonly { readonly stage: string; readonly rollouts: number }[];
}

const DONE = ['filter done', 'evaluate-before done', 'train done', 'evaluate done', 'sweep done', 'report done'];

test('Ctrl-C before the first stage: status 130, and no trace of a run', async () => {
  const { exitCode, stderr } = await sit(ctrlC(/^prepare: /m));
  expect(exitCode, stderr).toBe(130);
  expect(readdirSync(runs)).not.toContain('one');
});

/** How far the stage is, for the first time in a sitting. */
const FILTER = /^filter: \d+\/80/m;
const BEFORE = /^evaluate-before: \d+\/8/m;
const TRAIN = /^train: \d\/4/m;
const EVALUATE = /^evaluate: \d+\/8/m;

// These two show no progress of their own: the signal comes at the end of the stage before.
const SWEEP = /^evaluate: done/m;
const REPORT = /^sweep: done/m;

test.each([
  ['filter', 0, [ctrlC(FILTER)]],
  [
    'evaluate-before, after SIGKILL to Python in filter, and SIGINT to the next one',
    1,
    [on(FILTER, 'SIGKILL', 'python'), on(/^filter: done/m, 'SIGINT', 'python'), ctrlC(BEFORE)],
  ],
])('Ctrl-C in %s: status 130, nothing taken for done, no process left', async (title, before, moments) => {
  const { exitCode, stderr } = await sit(...moments);
  expect(exitCode, stderr).toBe(130);
  expect(stderr).toContain(`continue with: ${RESUME}`);
  const view = await shown();
  expect(view.run.status).toBe('interrupted');
  expect(view.resume).toBe(RESUME);
  const [stage] = title.split(',');
  expect(view.stages).toEqual([...DONE.slice(0, before), `${stage} interrupted`]);
  expect(view.ledger.lost).toBe(0);
});

test('SIGTERM to the bridge in evaluate-before, then to vauto in train: it ends as by Ctrl-C', async () => {
  const { exitCode, stderr } = await sit(on(BEFORE, 'SIGTERM', 'bridge'), on(TRAIN, 'SIGTERM', 'orchestrator'));
  expect(exitCode, stderr).toBe(130);
  expect((await shown()).stages).toEqual([...DONE.slice(0, 2), 'train interrupted']);
});

test.skipIf(!ownDisk)(
  'a disk that fills up in train (needs root to make one): said, with status 3, and nothing taken for done',
  async () => {
    const ballast = join(runs, 'ballast');
    const { exitCode, stderr } = await sit({ when: TRAIN, what: () => fill(ballast) }).finally(() => rmSync(ballast));
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toMatch(/^train: failed[\s\S]*the disk is full.*\n.*make room and start the same command again/m);
    const view = await shown();
    expect(view.stages.slice(0, 2)).toEqual(DONE.slice(0, 2));
    expect(view.stages).not.toContain('train done');
    expect(['interrupted', 'failed']).toContain(view.run.status);
  },
);

/** Writes until nothing more fits. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  for (const size of [2 ** 20, 2 ** 12, 1]) {
    try {
      const block = Buffer.alloc(size);
      while (writeSync(handle, block) === size);
    } catch {
      // Full for blocks of this size.
    }
  }
  closeSync(handle);
}

test('SIGTERM to Python in train, SIGKILL to idle bridges, then to vauto in evaluate', async () => {
  const { exitCode, stderr } = await sit(
    on(TRAIN, 'SIGTERM', 'python'),
    on(/^train: done/m, 'SIGKILL', 'bridge'),
    on(EVALUATE, 'SIGKILL', 'orchestrator'),
  );
  expect(exitCode, stderr).not.toBe(0);
  const view = await shown();
  expect(view.run.status).toBe('interrupted');
  expect(view.stages.slice(0, 3)).toEqual(DONE.slice(0, 3));
  expect(view.stages).not.toContain('evaluate done');
});

test.each([
  ['sweep, after SIGINT to the bridge in evaluate', 4, [on(EVALUATE, 'SIGINT', 'bridge'), ctrlC(SWEEP)]],
  ['report', 5, [ctrlC(REPORT)]],
])('Ctrl-C in %s', async (title, before, moments) => {
  const { exitCode, stderr } = await sit(...moments);
  expect(exitCode, stderr).toBe(130);
  const view = await shown();
  expect(view.run.status).toBe('interrupted');
  const [stage] = title.split(',');
  expect(view.stages).toEqual([...DONE.slice(0, before), `${stage} interrupted`]);
});

test('after all this the run finishes, with nothing lost and nothing twice', async () => {
  const { exitCode, stderr } = await sit();
  expect(exitCode, stderr).toBe(0);
  for (const stage of ['filter', 'evaluate-before', 'train', 'evaluate', 'sweep'])
    expect(stderr).toContain(`${stage}: already done`);
  const view = await shown();
  expect([view.run.status, view.stages, view.resume]).toEqual(['done', DONE, null]);
  expect(view.ledger).toMatchObject({ lost: 0, failures: 0 });
  const rollouts = Object.fromEntries(view.ledger.stages.map((stage) => [stage.stage, stage.rollouts]));
  // A question that is decided early has fewer.
  expect((rollouts.filter ?? 0) + view.filter.saved.rollouts).toBe(PROMPTS * ROLLOUTS);
  expect(rollouts).toMatchObject({
    'evaluate-before': 2 * HELD_OUT,
    train: 4 * 2 * 4,
    evaluate: 2 * HELD_OUT,
  });
});

test('and ends as if it had never been interrupted: rows, ids, hashes, metrics', async () => {
  await other.whole('whole');
  expect(one.content('one')).toEqual(other.content('whole'));
});

test('the row whose video does not decode is left out, counted, and listed', async () => {
  const listed = readFileSync(join(runs, 'one', 'rejected.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(listed.map((line) => JSON.parse(line))).toEqual([
    {
      set: 'train',
      file: join(folder, 'train.jsonl'),
      line: 1,
      reason: expect.stringContaining('broken.mp4 cannot be used'),
    },
  ]);
  const { warnings } = await shown();
  expect(warnings.filter((event) => 'kind' in event && event.kind === 'rejected-rows')).toEqual([
    expect.objectContaining({
      message: '1 row was left out of train; listed in rejected.jsonl',
      data: { train: 1, 'benchmark:reasoning': 0 },
    }),
  ]);
});
