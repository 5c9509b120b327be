// Trainings killed with SIGKILL at random moments and started again end with the weights of one that was left alone, to the last
// bit. Minutes, so not part of `npm test`; what was measured is written to docs/results/resume.json.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../orchestrator/statistics/index.js';
import { ROOT, vauto } from '../integration/shared-run.js';
import { record, type Shown, showRun } from './record.js';

const SEED = 16;
const STEPS = 8;
const GROUP = { prompts: 4, size: 4 };
/** Two steps on the rollouts of one round, a checkpoint behind each round. */
const SHORT = [
  `train.steps=${STEPS}`,
  'train.saveEvery=2',
  `train.promptsPerStep=${GROUP.prompts}`,
  `train.groupSize=${GROUP.size}`,
  'data.train.0.limit=40',
  'data.train.0.minimum=1',
  `data.benchmarks=[{name: reasoning, path: ${join(ROOT, 'recipes', 'tiny', 'data', 'reasoning.jsonl')}, limit: 4}]`,
  'filter.enabled=false',
  'evaluate.samples.count=0',
];
/** Ways to train, and how many kills each training of them has to survive. */
const WAYS = [
  { way: 'engine', sets: ['train.generation=engine', 'train.stepsPerRound=2'], kills: [1, 2] },
  { way: 'transformers', sets: ['train.generation=transformers', 'train.stepsPerRound=2'], kills: [2] },
  { way: 'ahead', sets: ['train.generation=engine', 'train.stepsPerRound=2', 'train.ahead=true'], kills: [1, 2] },
] as const;

interface Kill {
  /** When it was meant: share of the whole training's time, from the beginning of the training. */
  readonly share: number;
  readonly afterSeconds: number;
  /** Steps that the store had by then. */
  readonly steps: number;
}

const runs = mkdtempSync(join(tmpdir(), 'vauto-resume-'));
const random = createRandom(SEED);
const wholes: { way: string; seconds: number; policy: string | undefined }[] = [];
const trainings: { way: string; kills: Kill[]; policy: string | undefined; sameCurve: boolean }[] = [];
let last: Shown | undefined;

afterAll(() => {
  // What ended otherwise is left to be looked at.
  if (trainings.length === 5) rmSync(runs, { recursive: true, force: true });
  if (last)
    record('resume', last, { seed: SEED, training: { steps: STEPS, ...GROUP }, uninterrupted: wholes, trainings });
});

/** Runs the training, up to `killAfter` seconds from its beginning where that is given. */
async function train(run: string, sets: readonly string[], killAfter?: number) {
  const flags = [...SHORT, ...sets].flatMap((set) => ['--set', set]);
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const child = vauto(['run', recipe, '--runs', runs, '--run', run, '--until', 'train', ...flags]);
  let began: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  child.stderr?.on('data', (piece) => {
    if (began !== undefined || !/^train: /m.test(String(piece))) return;
    began = performance.now();
    if (killAfter !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfter * 1000);
  });
  const { exitCode, signal, stderr } = await child;
  clearTimeout(timer);
  return {
    exitCode,
    killed: signal === 'SIGKILL',
    stderr,
    seconds: (performance.now() - (began ?? Number.NaN)) / 1000,
  };
}

const policyOf = ({ artifacts }: Shown) => artifacts.find(({ name }) => name === 'policy')?.sha256;

/** The numbers of every step but those of a clock. */
function curveOf({ training }: Shown) {
  return training.steps.map(({ step, metrics }) => [
    step,
    Object.fromEntries(Object.entries(metrics).filter(([name]) => !/second|memory/.test(name))),
  ]);
}

/** What every rollout of the training said and earned, in an order of its own. */
async function rolloutsOf(run: string): Promise<string[]> {
  const { stdout } = await vauto([
    'runs',
    'traces',
    run,
    '--runs',
    runs,
    '--stage',
    'train',
    '--limit',
    '1000',
    '--json',
  ]);
  const { rows } = JSON.parse(stdout) as {
    rows: {
      step: number;
      promptId: string;
      rollout: { index: number; text: string };
      reward: { total: number } | null;
    }[];
  };
  return rows
    .map(({ step, promptId, rollout, reward }) =>
      JSON.stringify([step, promptId, rollout.index, rollout.text, reward?.total]),
    )
    .sort();
}

describe.each(WAYS)('$way', ({ way, sets, kills }) => {
  let whole: Shown;
  let seconds = 0;
  let rollouts: string[] = [];
  beforeAll(async () => {
    const done = await train(way, sets);
    expect(done.exitCode, done.stderr.slice(-3000)).toBe(0);
    seconds = done.seconds;
    whole = await showRun(runs, way);
    rollouts = await rolloutsOf(way);
    expect(policyOf(whole)).toMatch(/^[0-9a-f]{64}$/);
    expect(whole.training.steps).toHaveLength(STEPS);
    expect(rollouts).toHaveLength(STEPS * GROUP.prompts * GROUP.size);
    wholes.push({ way, seconds, policy: policyOf(whole) });
    last = whole;
  });

  test.each(kills.map((times, index) => ({ times, run: `${way}-${index + 1}` })))(
    '$run: the same after $times × SIGKILL',
    { timeout: 900_000 },
    async ({ times, run }) => {
      const hits: Kill[] = [];
      for (let left = times; left > 0; left -= 1) {
        // Of several, the first leaves something to be killed again.
        const share = 0.1 + random() * (times > 1 ? 0.45 : 0.8);
        const { killed, seconds: afterSeconds } = await train(run, sets, share * seconds);
        if (killed) hits.push({ share, afterSeconds, steps: (await showRun(runs, run)).training.steps.length });
      }
      expect(hits.length).toBeGreaterThan(0);
      const { exitCode, stderr } = await train(run, sets);
      expect(exitCode, stderr.slice(-3000)).toBe(0);
      const resumed = await showRun(runs, run);
      const sameCurve = JSON.stringify(curveOf(resumed)) === JSON.stringify(curveOf(whole));
      trainings.push({ way, kills: hits, policy: policyOf(resumed), sameCurve });
      expect(policyOf(resumed)).toBe(policyOf(whole));
      expect(curveOf(resumed)).toEqual(curveOf(whole));
      expect(await rolloutsOf(run)).toEqual(rollouts);
      expect(resumed.ledger.lost).toBe(0);
    },
  );
});

test('five trainings were killed, some of them more than once', () => {
  expect(trainings).toHaveLength(5);
  expect(trainings.some(({ kills }) => kills.length > 1)).toBe(true);
});
