import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt } from '../records/index.js';
import type { RolloutRow } from '../store/index.js';
import { type SweepSummary, sweepAll, sweepRowOf } from './index.js';

export const name = 'sweep';
/** Raise when the stage's output for the same inputs changes. */
export const version = 2;

export function inputs(recipe: Recipe): unknown {
  return { sweep: recipe.sweep, seed: recipe.seed };
}

/** Reads the greedy traces of an evaluation and computes the τ frontier, pooled and per benchmark, without new rollouts. */
export async function run(context: StageContext, evaluation: number): Promise<StageResult<SweepSummary>> {
  const { recipe, store, folder } = context;
  const promptOf = promptsByName(context.prompts);
  const rows = [...store.stageRows(evaluation)]
    .filter((row) => row.pass === 'greedy')
    .map((row) => sweepRowOf(row, promptOf(row)));
  const summary = sweepAll(rows, { ...recipe.sweep, seed: recipe.seed });
  await writeFile(join(folder, 'sweep.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return { summary, artifacts: [await context.artifact('sweep', 'sweep/sweep.json')] };
}

/** Finds the prompt of a rollout. */
function promptsByName(sets: StageContext['prompts']) {
  const known = new Map([...sets].map(([set, prompts]) => [set, new Map(prompts.map((item) => [item.id, item]))]));
  return ({ set, promptId }: RolloutRow): Prompt | undefined => known.get(set)?.get(promptId);
}
