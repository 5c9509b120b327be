import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonl } from '../../../orchestrator/data/sources/jsonl.js';
import { rowOf } from '../../../orchestrator/filter/datasets.js';
import { expectedRollouts } from '../../../orchestrator/filter/expectation.js';
import { type FilterSummary, run } from '../../../orchestrator/filter/stage.js';
import { type Collector, collect } from '../../../orchestrator/pipeline/collect.js';
import type { StageContext } from '../../../orchestrator/pipeline/stage.js';
import type { Prompt } from '../../../orchestrator/records/index.js';
import type { RolloutEngine } from '../../../orchestrator/rollout/engine.js';
import { createReplayEngine } from '../../../orchestrator/rollout/index.js';
import { createRandom, deriveSeed } from '../../../orchestrator/statistics/index.js';
import { openStore, type Store } from '../../../orchestrator/store/index.js';
import { load, MINIMAL } from '../recipe/fixture.js';
import { recordedText } from '../rollout/recorded.js';
import { newRun, promptOf } from '../store/rows.js';

/** Recorded rollouts of prompts by their rate of right answers: the same for the same prompt and place in its group. */
function recordedBy(rates: ReadonlyMap<string, number>, failing: ReadonlySet<string> = new Set()): RolloutEngine {
  const engine = createReplayEngine({
    find: ({ promptId, index, seed }) => {
      const right = createRandom(deriveSeed(1, promptId, index))() < (rates.get(promptId) ?? 0);
      return recordedText({ promptId, index, seed }, `\\boxed{B}<think>Red.</think>\\boxed{${right ? 'A' : 'B'}}`);
    },
  });
  return {
    ...engine,
    generate: (requests, options) => {
      const bad = requests.filter(({ promptId, index }) => failing.has(`${promptId}/${index}`));
      for (const { promptId, index } of bad) options.onResult({ promptId, index, code: 'engine', message: 'no' });
      const fine = requests.filter((request) => !bad.includes(request));
      return engine.generate(fine, options);
    },
  };
}

/** Counts the rows that are read of a store. */
function counting(store: Store, read: { outcomes: number; rows: number }): Store {
  const counted = function* <Row>(rows: Iterable<Row>, name: keyof typeof read) {
    for (const row of rows) {
      read[name] += 1;
      yield row;
    }
  };
  return {
    ...store,
    outcomes: (stageId, after) => counted(store.outcomes(stageId, after), 'outcomes'),
    stageRows: (stageId) => counted(store.stageRows(stageId), 'rows'),
  };
}

const SHORT_UNITS = 'engine: {unit: 8}\n';

/** Interrupted once, before it makes that unit. */
function stopping(engine: RolloutEngine, before: number): RolloutEngine {
  let calls = 0;
  return {
    ...engine,
    generate: (requests, options) => {
      calls += 1;
      return calls === before ? Promise.reject(new Error('stopped')) : engine.generate(requests, options);
    },
  };
}

/** Runs the stage; again, when it is stopped. */
async function filter(
  prompts: readonly Prompt[],
  engine: RolloutEngine,
  settings = '',
  read = { outcomes: 0, rows: 0 },
  more = '',
) {
  const { recipe } = await load(`${MINIMAL}seed: 5\nfilter: {rollouts: 8${settings}}\n${more}`);
  const folder = mkdtempSync(join(tmpdir(), 'vauto-filter-'));
  const store = counting(openStore(join(folder, 'vauto.db')), read);
  const runId = store.createRun({ ...newRun, folder: join(folder, 'run') });
  store.savePrompts(runId, 'train', prompts);
  const stageId = store.startStage(runId, 'filter', 'key').id;
  const warnings: string[] = [];
  const shared = { recipe, store, stageId, system: undefined, signal: new AbortController().signal };
  const progress = { update: () => {}, note: () => {} };
  const collector: Collector = {
    ...shared,
    ...{ progress, determinism: 'bitwise', reuse: 'unit', engine: async () => engine },
    identity: async () => ({ weights: 'w', libraries: {}, settings: {} }),
    verifyMath: () => Promise.reject(new Error('letters need no math-verify')),
  };
  const context: Partial<StageContext> = {
    ...{ ...shared, runId, folder, progress, prompts: new Map([['train', prompts]]) },
    collect: (_weights, job) => collect(collector, job),
    artifact: async (name, path) => ({ name, path, sha256: '', bytes: 0 }),
    warn: (_kind, message) => warnings.push(message),
  };
  const work = () => run(context as StageContext, 'weights');
  const { summary } = await work().catch((error: Error) => {
    if (error.message !== 'stopped') throw error;
    return work();
  });
  store.finishStage(stageId, summary, []);
  return { summary, store, stageId, runId, folder, warnings };
}

interface Made {
  readonly folder: string;
}

/** Rows of a manifest that the stage wrote. */
function rowsIn({ folder }: Made, name: string): { readonly id: string }[] {
  const lines = readFileSync(join(folder, `${name}.jsonl`), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

const idsIn = (made: Made, name: string) => rowsIn(made, name).map(({ id }) => id);
const keptIn = (made: Made) => idsIn(made, 'kept');

const EXACT = ', exactPassRate: true';

describe('the early filter', () => {
  test('keeps what all rollouts would keep, of 600 prompts, for at most 1.05 of the rollouts that theory expects', async () => {
    const rate = (place: number) => [0, 0.05, 0.3, 0.6, 0.9, 1][place % 6] as number;
    const prompts = Array.from({ length: 600 }, (_, place) => promptOf(`p${place}`));
    const engine = recordedBy(new Map(prompts.map(({ id }, place) => [id, rate(place)])));
    const early = await filter(prompts, engine);
    const exact = await filter(prompts, engine, EXACT);
    expect(keptIn(early)).toEqual(keptIn(exact));
    expect(exact.summary).toMatchObject({ rollouts: 4800, exact: true, saved: { rollouts: 0 } });
    const measured = exact.store.decisions(exact.stageId).map(({ correct, total }) => correct / total);
    const expected = measured.reduce((sum, p) => sum + expectedRollouts(p, 8), 0);
    expect(early.summary.rollouts).toBeLessThanOrEqual(1.05 * expected);
    expect(early.summary.rollouts + early.summary.saved.rollouts).toBe(4800);
    expect(early.store.ledger(early.runId)).toMatchObject({
      kept: early.summary.keep,
      stages: [{ promptsIn: 600, done: 600, unknown: 0, lost: 0 }],
    });
    expect(early.summary.passHistogram.reduce((sum, count) => sum + count, 0)).toBe(600);
    // The rollouts that both made are the same ones.
    const texts = (made: typeof early) =>
      new Map(
        [...made.store.stageRows(made.stageId)].map((row) => [
          `${row.promptId}/${row.rollout.index}`,
          row.rollout.text,
        ]),
      );
    const all = texts(exact);
    for (const [name, text] of texts(early)) expect(all.get(name)).toBe(text);
  });

  test('keeps what all rollouts would keep, whatever fails', async () => {
    const failure = fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 7 })).map(([prompt, index]) => `p${prompt}/${index}`);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        fc.array(failure),
        async (rates, failures) => {
          const prompts = rates.map((_, place) => promptOf(`p${place}`));
          const engine = recordedBy(
            new Map(prompts.map(({ id }, place) => [id, rates[place] as number])),
            new Set(failures),
          );
          const [early, exact] = [await filter(prompts, engine), await filter(prompts, engine, EXACT)];
          expect(keptIn(early)).toEqual(keptIn(exact));
          expect(early.summary.unknown).toBe(exact.summary.unknown);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('goes on after an interruption as if there had been none, wherever it was', async () => {
    const rate = (place: number) => [0, 0.3, 0.6, 1][place % 4] as number;
    const prompts = Array.from({ length: 40 }, (_, place) => promptOf(`p${place}`));
    const engine = recordedBy(new Map(prompts.map(({ id }, place) => [id, rate(place)])));
    const whole = await filter(prompts, engine, '', undefined, SHORT_UNITS);
    for (let units = 1; units < 40; units += 2) {
      const made = await filter(prompts, stopping(engine, units), '', undefined, SHORT_UNITS);
      expect(made.summary, `stopped before unit ${units}`).toEqual(whole.summary);
      expect(keptIn(made)).toEqual(keptIn(whole));
      expect(made.store.ledger(made.runId)).toMatchObject({ lost: 0, rollouts: whole.summary.rollouts });
      made.store.close();
    }
  });

  test('reads each rollout once, so that twice the prompts are at most three times the work', async () => {
    const rate = (place: number) => [0, 0.3, 0.6, 1][place % 4] as number;
    const work = async (count: number) => {
      const prompts = Array.from({ length: count }, (_, place) => promptOf(`p${place}`));
      const read = { outcomes: 0, rows: 0 };
      const before = process.cpuUsage();
      const made = await filter(
        prompts,
        recordedBy(new Map(prompts.map(({ id }, place) => [id, rate(place)]))),
        '',
        read,
      );
      const { user, system } = process.cpuUsage(before);
      made.store.close();
      expect(read).toEqual({ outcomes: made.summary.rollouts, rows: 0 });
      return user + system;
    };
    await work(200);
    // The processor's time depends on the neighbours, too: what grows too fast does so each time.
    const ratios = [];
    for (let tries = 0; tries < 4 && Math.min(9, ...ratios) > 3; tries += 1)
      ratios.push((await work(800)) / (await work(400)));
    expect(Math.min(...ratios)).toBeLessThanOrEqual(3);
  });

  test('the expectation: 2 at least, all of them at the ends, 3 at even odds without a limit', () => {
    expect([expectedRollouts(0, 8), expectedRollouts(1, 8), expectedRollouts(0.3, 2)]).toEqual([8, 8, 2]);
    expect(expectedRollouts(0.5, 60)).toBeCloseTo(3);
  });
});

describe('prompts without a decision', () => {
  const prompts = [promptOf('p0'), promptOf('p1')];
  const engine = recordedBy(
    new Map([
      ['p0', 1],
      ['p1', 0.5],
    ]),
    new Set(['p0/3']),
  );

  test.each([
    ['drop', ['p1']],
    ['keep', ['p0', 'p1']],
  ])('%s', async (unknown, kept) => {
    const made = await filter(prompts, engine, `, unknown: ${unknown}`);
    expect(made.summary).toMatchObject({ unknown: 1 });
    expect(keptIn(made)).toEqual(kept);
    expect(made.warnings).toEqual([expect.stringContaining('1 prompts could not be decided')]);
    expect(made.store.ledger(made.runId)).toMatchObject({ unknown: 1, failures: 1, lost: 0 });
  });

  test('stop', async () => {
    await expect(filter(prompts, engine, ', unknown: stop')).rejects.toMatchObject({ code: 'filter-unknown' });
  });
});

test('by source and type: kept, too easy, too hard; a control of the same size; both as manifests', async () => {
  const prompts = [
    ...['a', 'b', 'c', 'd'].map((id) => promptOf(id)),
    { ...promptOf('e'), source: 'other' },
    { ...promptOf('f'), source: 'other' },
  ];
  const rates = new Map([
    ['a', 0],
    ['b', 1],
    ['c', 0.5],
    ['d', 0.5],
    ['e', 1],
    ['f', 0.5],
  ]);
  const made = await filter(prompts, recordedBy(rates));
  const { groups }: FilterSummary = made.summary;
  const kept = keptIn(made);
  expect(groups).toMatchObject([
    { source: 'toy', problemType: 'exact_match', prompts: 4, keep: 2, easy: 1, hard: 1, unknown: 0 },
    { source: 'other', problemType: 'exact_match', prompts: 2, keep: 1, easy: 1, hard: 0, unknown: 0 },
  ]);
  expect(kept).toEqual(['c', 'd', 'f']);
  expect(new Set(idsIn(made, 'control')).size).toBe(3);
  expect(rowsIn(made, 'kept')).toEqual(
    prompts.filter(({ id }) => kept.includes(id)).map((prompt) => rowOf(prompt, '/videos')),
  );
});

test('a row of a manifest is read as the prompt that it was written from', async () => {
  const text: Prompt = { ...promptOf('x'), modality: 'text', media: [] };
  const prompts: Prompt[] = [text, { ...text, id: 'y', problemType: 'math', answer: '1/2', meta: { task: 'sum' } }].map(
    ({ options, ...prompt }) =>
      prompt.problemType === 'math' ? prompt : { ...prompt, ...(options ? { options } : {}) },
  );
  const folder = mkdtempSync(join(tmpdir(), 'vauto-kept-'));
  const file = join(folder, 'kept.jsonl');
  writeFileSync(file, prompts.map((prompt) => JSON.stringify(rowOf(prompt, folder))).join('\n'));
  const context = { resolve: (path: string) => path, hasher: undefined as never, signal: new AbortController().signal };
  const read = [];
  for await (const row of jsonl.load({ path: file } as never, context as never)) read.push(row);
  expect(read).toEqual(
    prompts.map((prompt, place) => ({
      line: place + 1,
      prompt: { ...prompt, id: `kept/${prompt.id}`, source: 'kept' },
    })),
  );
});
