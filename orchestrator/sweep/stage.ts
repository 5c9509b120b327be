import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import { groupBy } from '../records/index.js';
import type { RolloutRow } from '../store/index.js';
import { type SweepResult, type SweepRow, sweep } from './index.js';

export const name = 'sweep';
/** Raise when the stage's output for the same inputs changes. */
export const version = 1;

export interface SweepSummary {
  readonly pooled: SweepResult;
  readonly benchmarks: Readonly<Record<string, SweepResult>>;
}

export function inputs(recipe: Recipe): unknown {
  return { sweep: recipe.sweep, seed: recipe.seed };
}

/** Reads the greedy traces of an evaluation and computes the τ frontier, pooled and per benchmark, without new rollouts. */
export async function run(context: StageContext, evaluation: number): Promise<StageResult<SweepSummary>> {
  const { recipe, store, folder } = context;
  const rows = [...store.stageRows(evaluation)]
    .filter((row) => row.pass === 'greedy')
    .map((row) => sweepRow(context, row));
  const options = { ...recipe.sweep, seed: recipe.seed };
  const pooled = sweep(rows, options);
  const groups = groupBy(rows, (row) => row.benchmark);
  const benchmarks = Object.fromEntries([...groups].map(([benchmark, group]) => [benchmark, sweep(group, options)]));
  const summary = { pooled, benchmarks };
  await writeFile(join(folder, 'sweep.json'), `${JSON.stringify(summary, null, 2)}\n`);
  return { summary, artifacts: [await context.artifact('sweep', 'sweep/sweep.json')] };
}

function sweepRow(context: StageContext, { promptId, set, trace, verdicts }: RolloutRow): SweepRow {
  const prompt = context.prompts.get(set)?.find((item) => item.id === promptId);
  return {
    id: promptId,
    benchmark: set.replace(/^benchmark:/, ''),
    cluster: prompt?.media[0]?.sha256 ?? promptId,
    confidence: trace.confidence,
    first: { value: Number(verdicts.first?.correct ?? false), tokens: trace.tokens.first },
    second: { value: Number(verdicts.second?.correct ?? false), tokens: trace.tokens.total },
  };
}
