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
const STEPS = 12;
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

interface Way {
  readonly way: string;
  readonly sets: readonly string[];
  readonly victims: readonly { readonly fifth: number; readonly times: number }[];
}

/**
 * Ways to train, and the trainings that are killed. The first kill falls into the given fifth of the time between the first
 * step and the last, so that five of them lie all over it; the second anywhere in the training that was taken up again, its start included.
 */
const WAYS: readonly Way[] = [
  {
    way: 'engine',
    sets: ['train.generation=engine', 'train.stepsPerRound=2'],
    victims: [
      { fifth: 2, times: 2 },
      { fifth: 5, times: 1 },
    ],
  },
  {
    way: 'transformers',
    sets: ['train.generation=transformers', 'train.stepsPerRound=2'],
    victims: [{ fifth: 3, times: 2 }],
  },
  {
    way: 'ahead',
    sets: ['train.generation=engine', 'train.stepsPerRound=2', 'train.ahead=true'],
    victims: [
      { fifth: 1, times: 1 },
      { fifth: 4, times: 2 },
    ],
  },
];

/** From which event on seconds are counted: the training begins, or its first step is done. */
type Mark = 'begun' | 'first step';
const MARKS: Readonly<Record<Mark, RegExp>> = { begun: /^train: /m, 'first step': /^train: \d+\/\d+/m };
const DONE = /^train: done/m;

interface Kill {
  readonly since: Mark;
  readonly seconds: number;
  /** Steps that the store had by then. */
  readonly steps: number;
}

const runs = mkdtempSync(join(tmpdir(), 'vauto-resume-'));
const random = createRandom(SEED);
const wholes: { way: string; seconds: Record<Mark, number>; policy: string | undefined }[] = [];
const trainings: { way: string; kills: Kill[]; policy: string | undefined; samePolicy: boolean; sameCurve: boolean }[] =
  [];
let last: Shown | undefined;

afterAll(() => {
  // Trainings that ended otherwise are left to be looked at.
  if (last === undefined || trainings.length < 5) return;
  rmSync(runs, { recursive: true, force: true });
  const training = { steps: STEPS, promptsPerStep: GROUP.prompts, groupSize: GROUP.size };
  record('resume', last, { seed: SEED, training, uninterrupted: wholes, trainings });
});

/** Runs the training to its end, or kills it some seconds after an event; gives the seconds from each event to its being done. */
async function train(run: string, sets: readonly string[], kill?: Omit<Kill, 'steps'>) {
  const flags = [...SHORT, ...sets].flatMap((set) => ['--set', set]);
  const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
  const child = vauto(['run', recipe, '--runs', runs, '--run', run, '--until', 'train', ...flags]);
  const seen = new Map<Mark, number>();
  let timer: NodeJS.Timeout | undefined;
  let done = Number.NaN;
  child.stderr?.on('data', (piece) => {
    if (DONE.test(String(piece))) done = performance.now();
    for (const mark of ['begun', 'first step'] as const) {
      if (seen.has(mark) || !MARKS[mark].test(String(piece))) continue;
      seen.set(mark, performance.now());
      if (kill?.since === mark) timer = setTimeout(() => child.kill('SIGKILL'), kill.seconds * 1000);
    }
  });
  const { exitCode, signal, stderr } = await child;
  clearTimeout(timer);
  const since = (mark: Mark) => rounded((done - (seen.get(mark) ?? Number.NaN)) / 1000);
  return {
    ...{ exitCode, stderr, killed: signal === 'SIGKILL' },
    seconds: { begun: since('begun'), 'first step': since('first step') },
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 100) / 100;
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

describe.each(WAYS)('$way', ({ way, sets, victims }) => {
  let whole: Shown;
  let seconds: Record<Mark, number>;
  let rollouts: string[] = [];
  beforeAll(async () => {
    const done = await train(way, sets);
    expect(done.exitCode, done.stderr.slice(-3000)).toBe(0);
    ({ seconds } = done);
    whole = await showRun(runs, way);
    rollouts = await rolloutsOf(way);
    expect(policyOf(whole)).toMatch(/^[0-9a-f]{64}$/);
    expect(whole.training.steps).toHaveLength(STEPS);
    expect(rollouts).toHaveLength(STEPS * GROUP.prompts * GROUP.size);
    wholes.push({ way, seconds, policy: policyOf(whole) });
    last = whole;
  });

  /** A moment within the fifth; somewhat earlier with every try, since no two runs take the same time. */
  const first = (fifth: number, tries: number) => ({
    since: 'first step' as const,
    seconds: rounded(((fifth - 1 + random()) / 5) * 0.9 ** tries * seconds['first step']),
  });
  const second = () => ({ since: 'begun' as const, seconds: rounded((0.1 + 0.5 * random()) * seconds.begun) });

  test.each(victims)('in fifth $fifth, $times × SIGKILL', { timeout: 900_000 }, async ({ fifth, times }) => {
    const kills: Kill[] = [];
    /** Kills the run; false when it was done before that. */
    const strike = async (run: string, kill: Omit<Kill, 'steps'>) => {
      const { killed } = await train(run, sets, kill);
      const { stages, training } = await showRun(runs, run);
      const done = stages.some(({ name, status }) => name === 'train' && status === 'done');
      if (killed && !done) kills.push({ ...kill, steps: training.steps.length });
      return killed && !done;
    };
    let tries = 1;
    const name = () => `${way}-killed-in-${fifth}-${tries}`;
    while (!(await strike(name(), first(fifth, tries)))) {
      tries += 1;
      expect(tries, 'never killed in time').toBeLessThan(6);
    }
    const run = name();
    if (times > 1) expect(await strike(run, second()), 'done before it was killed again').toBe(true);
    const { exitCode, stderr } = await train(run, sets);
    expect(exitCode, stderr.slice(-3000)).toBe(0);
    const resumed = await showRun(runs, run);
    const policy = policyOf(resumed);
    const same = JSON.stringify(curveOf(resumed)) === JSON.stringify(curveOf(whole));
    trainings.push({ way, kills, policy, samePolicy: policy === policyOf(whole), sameCurve: same });
    expect(policy).toBe(policyOf(whole));
    expect(curveOf(resumed)).toEqual(curveOf(whole));
    expect(await rolloutsOf(run)).toEqual(rollouts);
    expect(resumed.ledger.lost).toBe(0);
  });
});

test('five trainings were killed, in different rounds', () => {
  expect(trainings).toHaveLength(5);
  expect(new Set(trainings.map(({ kills }) => Math.floor((kills[0]?.steps ?? 0) / 2))).size).toBeGreaterThan(2);
});
