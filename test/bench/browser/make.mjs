// A store of 1,000 runs with 1,000,000 rollouts: one run of 200,000, nine of 20,000, the rest of some 626 each.

import { join } from 'node:path';
import { createRandom } from '../../../dist/statistics/index.js';
import { openStore } from '../../../dist/store/index.js';
import { promptsOf, unitRows } from '../store/rows.mjs';

const RUNS = 1000;
const ROLLOUTS = 1_000_000;
const LARGE = [200_000, ...Array(9).fill(20_000)];
const STEPS = 60;
/** Questions of an evaluation, and prompts of a training. */
const [QUESTIONS, PROMPTS] = [200, 100];
const BENCHMARKS = ['perception', 'reasoning'];

export function makeStore(folder, note) {
  const file = join(folder, 'vauto.db');
  const store = openStore(file);
  const small = Math.floor((ROLLOUTS - LARGE.reduce((sum, size) => sum + size, 0)) / (RUNS - LARGE.length));
  let rollouts = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const size = run < RUNS - LARGE.length ? small : LARGE[RUNS - 1 - run];
    rollouts += addRun(store, folder, run, size);
    if (run % 200 === 199) note(`${run + 1} runs, ${rollouts.toLocaleString('en')} rollouts`);
  }
  store.close();
  return { file, rollouts, large: `run-${RUNS - 1}`, small: 'run-7' };
}

function addRun(store, folder, run, size) {
  const random = createRandom(run + 1);
  const name = `run-${run}`;
  const recipe = { name, evaluate: { threshold: 0.8 } };
  const id = store.createRun({
    name,
    recipeText: `name: ${name}`,
    recipe,
    folder: join(folder, name),
    seed: run,
    environment: {},
  });
  store.changeTags(id, { add: [`family-${run % 7}`] });
  store.savePrompts(id, 'train', promptsOf(PROMPTS));
  const evaluated = evaluate(store, id, random);
  const stage = store.startStage(id, 'train', `train-${run}`);
  for (let step = 1; step <= STEPS; step += 1) store.saveStep(stage.id, step, stepOf(random, step));
  const left = size - evaluated;
  for (let done = 0; done < left; done += 1000) {
    const rows = unitRows(done / 1000, Math.min(1000, left - done)).map((row, place) => {
      const nth = done + place;
      return { ...row, promptId: `prompt-${nth % PROMPTS}`, step: Math.floor(nth / PROMPTS) };
    });
    store.commitUnit(stage.id, `unit-${done}`, rows);
  }
  store.finishStage(stage.id, {}, []);
  for (let event = 0; event < 5; event += 1)
    store.addEvent(id, { level: 'info', kind: 'usage', message: 'what it took' });
  store.setRunStatus(id, run % 17 === 0 ? 'failed' : 'done', run % 17 === 0 ? 'the engine was lost' : undefined);
  return size;
}

/** Questions answered both ways, with the metrics of three policies. */
function evaluate(store, id, random) {
  const { id: stage } = store.startStage(id, 'evaluate', `evaluate-${id}`);
  for (const [place, benchmark] of BENCHMARKS.entries()) {
    const set = `benchmark:${benchmark}`;
    const prompts = promptsOf(QUESTIONS).map((prompt) => ({ ...prompt, id: `${benchmark}-${prompt.id}` }));
    store.savePrompts(id, set, prompts);
    const rows = unitRows(id * 2 + place, QUESTIONS).map((row, nth) => {
      const rollout = { ...row.rollout, index: 0 };
      const first = { ...row.verdicts.first, correct: random() < 0.6 };
      return { ...row, set, pass: 'greedy', promptId: prompts[nth].id, rollout, verdicts: { ...row.verdicts, first } };
    });
    store.commitUnit(stage, set, rows);
  }
  const metrics = [...BENCHMARKS, 'overall'].flatMap((benchmark) =>
    ['auto', 'always', 'never'].flatMap((policy) =>
      ['accuracy', 'tokens', 'think-ratio', 'format', 'unparsed', 'ungraded'].map((name) => {
        const value = random();
        return { benchmark, policy, name, value, low: value - 0.05, high: value + 0.05, n: QUESTIONS };
      }),
    ),
  );
  store.saveMetrics(stage, metrics);
  store.finishStage(stage, {}, []);
  return BENCHMARKS.length * QUESTIONS;
}

function stepOf(random, step) {
  const names = [
    'kl',
    'entropy',
    'first_reward',
    'second_reward',
    'format_rate',
    'completion_tokens',
    'grad_norm',
    'loss',
  ];
  return { ...Object.fromEntries(names.map((name) => [name, random()])), reward_mean: 1 + step / STEPS + random() / 5 };
}
