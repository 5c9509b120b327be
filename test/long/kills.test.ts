// A run of every stage on real engines, killed at every stage boundary and at random moments, by each signal and at each process,
// ends as if it had never been. Minutes, so not part of `npm test`; what happened is written to docs/results/kills.json.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../orchestrator/statistics/index.js';
import { killable, SIGNALS, TARGETS } from '../integration/kills.js';
import { ROOT, SMALL } from '../integration/shared-run.js';
import { record, showRun } from './record.js';

const SEED = 17;
const TRIPLES = 20;
const STAGES = ['prepare', 'filter', 'evaluate-before', 'train', 'evaluate', 'sweep', 'report'];

const folder = mkdtempSync(join(tmpdir(), 'vauto-long-kills-'));
const store = join(folder, 'runs');
const sets = [...SMALL, 'engine.unit=16', 'report.traces=0'];
const recipe = join(ROOT, 'recipes', 'quickstart.yaml');
const runs = killable(store, [recipe, ...sets.flatMap((set) => ['--set', set])]);

let whole: ReturnType<typeof runs.content>;
let length = 0;
const kills: object[] = [];
/** Runs that were found equal to the one that was left alone. */
const equal: string[] = [];

beforeAll(async () => {
  length = await runs.whole('whole');
  whole = runs.content('whole');
});
afterAll(async () => {
  const { run } = await showRun(store, 'whole');
  const { rows } = whole;
  record(
    'kills',
    { run },
    { seed: SEED, wholeSeconds: Math.round(length / 1000), rollouts: rows.length, kills, equal },
  );
  rmSync(folder, { recursive: true, force: true });
});

const random = createRandom(SEED);
const one = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

/** Kills runs one after another, each going on with what the one before left; the last goes to its end. */
async function chain(prefix: string, cases: readonly { readonly when: RegExp | number; readonly where: string }[]) {
  const names = [`${prefix}-0`];
  const name = () => names.at(-1) as string;
  for (const { when, where } of cases) {
    const [signal, target] = [one(SIGNALS), one(TARGETS)];
    const ended = await runs.killed(name(), signal, target, when);
    kills.push({ run: name(), signal, target, where, outcome: ended ? 'ended' : 'went on by itself' });
    if (!ended) names.push(`${prefix}-${names.length}`);
  }
  await runs.whole(name());
  for (const each of names) {
    expect(runs.content(each), each).toEqual(whole);
    equal.push(each);
  }
}

test('at every stage boundary', { timeout: 3_600_000 }, async () => {
  const cases = STAGES.map((stage) => {
    return { when: new RegExp(`^${stage}: (done|already done)`, 'm'), where: `after ${stage}` };
  });
  await chain('boundary', cases);
});

test(`at ${TRIPLES} random moments`, { timeout: 7_200_000 }, async () => {
  const cases = Array.from({ length: TRIPLES }, () => {
    const seconds = Math.round((random() * length) / 1000);
    return { when: seconds * 1000, where: `${seconds} s after its start` };
  });
  await chain('random', cases);
});
