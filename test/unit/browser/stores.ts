import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../../orchestrator/statistics/index.js';
import { openStore, type RolloutRow, type Store } from '../../../orchestrator/store/index.js';
import { promptOf, rowOf } from '../store/rows.js';

export const QUESTIONS = 60;

/** A store with runs that were evaluated on two benchmarks of QUESTIONS questions each, about ten videos. */
export function storeWithRuns(...names: readonly string[]): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-browse-'));
  const file = join(folder, 'vauto.db');
  const store = openStore(file);
  for (const [seed, name] of names.entries()) addRun(store, folder, name, seed);
  store.close();
  return { folder, file };
}

export function addRun(store: Store, folder: string, name: string, seed: number): void {
  const recipe = { name, evaluate: { threshold: 0.7 }, video: {} };
  const runId = store.createRun({
    ...{ name, recipeText: `name: ${name}`, recipe, folder: join(folder, name), seed, environment: { node: '20' } },
  });
  const random = createRandom(seed + 1);
  for (const set of ['benchmark:one', 'benchmark:two']) store.savePrompts(runId, set, questions(set));
  const { id } = store.startStage(runId, 'evaluate', `k${seed}`);
  for (const set of ['benchmark:one', 'benchmark:two'])
    for (const [unit, prompts] of [questions(set)].entries())
      store.commitUnit(
        id,
        `${set}-${unit}`,
        prompts.map((prompt, place) => answered(random, set, prompt.id, place)),
      );
  store.saveMetrics(id, [
    { benchmark: 'one', policy: 'auto', name: 'accuracy', value: 0.5, low: 0.4, high: 0.6, n: 60 },
  ]);
  store.finishStage(id, {}, []);
  store.setRunStatus(runId, 'done');
}

function questions(set: string) {
  return Array.from({ length: QUESTIONS }, (_, place) => {
    const prompt = promptOf(`${set}-${place}`);
    const [medium] = prompt.media;
    return { ...prompt, media: medium ? [{ ...medium, sha256: `video-${place % 10}` }] : [] };
  });
}

function answered(random: () => number, set: string, promptId: string, place: number): RolloutRow {
  const states = ['graded', 'unparsed', 'timeout', 'error'] as const;
  const row = rowOf(promptId, 0, random() < 0.6);
  const first = random() < 0.5;
  const state = states[Math.floor(random() * 12)] ?? 'graded';
  const right = state === 'graded' ? first : state === 'unparsed' ? false : null;
  // Without a first answer there is nothing to grade, and no confidence.
  const none = place % 9 === 0;
  return {
    ...row,
    ...{ set, pass: 'greedy' },
    trace: { ...row.trace, ...(none ? { first: null } : {}), confidence: none ? null : Math.round(random() * 20) / 20 },
    verdicts: { ...row.verdicts, first: none ? null : { value: 1, correct: right, state, normalised: 'a' } },
  };
}
