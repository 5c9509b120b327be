import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import {
  benchmarkOf,
  benchmarkSet,
  greedy,
  groupBy,
  type Prompt,
  PromptIndex,
  type Prompts,
} from '../records/index.js';
import type { RolloutRow } from '../store/index.js';
import {
  csvOf,
  type LiveCheck,
  type LiveRow,
  liveCheck,
  type SweepSummary,
  split,
  sweepAll,
  sweepRowOf,
} from './index.js';

export const name = 'sweep';
/** Raise when the stage's output for the same inputs changes. */
export const version = 3;

/** The pass of the live check in the store. */
const LIVE = 'live';

export type SweepStageSummary = SweepSummary & {
  /** Null when it was not asked for, or when the chosen threshold never exits. */
  readonly live: LiveCheck | null;
};

export function inputs({ sweep, seed, evaluate, engine }: Recipe): unknown {
  return { sweep, seed, ...(sweep.liveCheck ? { evaluate, engine } : {}) };
}

/** Without a first answer there is nothing to stop at; recorded rollouts stop where they did. */
function hasLiveCheck({ sweep, prompting, engine }: Recipe): boolean {
  return sweep.liveCheck && prompting.mode === 'answer-twice' && engine.kind !== 'replay';
}

export function estimate(recipe: Recipe, prompts: ReadonlyMap<string, Prompts>): Estimate {
  const { sweep, data, evaluate } = recipe;
  if (!hasLiveCheck(recipe)) return { rollouts: 0, tokens: 0, steps: 0 };
  const sets = data.benchmarks.map((item) => prompts.get(benchmarkSet(item.name))?.length ?? 0);
  const rollouts = Math.round(sweep.holdout * sets.reduce((sum, size) => sum + size, 0));
  return { rollouts, tokens: rollouts * evaluate.maxTokens, steps: 0 };
}

/**
 * Reads the greedy traces of an evaluation and computes the τ frontier, pooled and per benchmark, without new rollouts;
 * then answers the held-out questions once more with the engine stopping at the chosen threshold.
 */
export async function run(
  context: StageContext,
  weights: string,
  evaluation: number,
): Promise<StageResult<SweepStageSummary>> {
  const { recipe, store, folder } = context;
  const promptOf = promptsByName(context.prompts);
  const greedy = [...store.stageRows(evaluation)].filter((row) => row.pass === 'greedy');
  const rows = greedy.map((row) => sweepRowOf(row, promptOf(row)));
  const options = { ...recipe.sweep, seed: recipe.seed };
  const swept = sweepAll(rows, options);
  const { threshold } = swept.pooled.chosen;
  const heldOut = new Set(split(rows, options).reporting);
  const questions = greedy.filter((_, place) => heldOut.has(rows[place] as (typeof rows)[number]));
  const live = hasLiveCheck(recipe) ? await checkLive(context, weights, questions, threshold) : null;
  const summary = { ...swept, live };
  await writeFile(join(folder, 'sweep.json'), `${JSON.stringify(summary, null, 2)}\n`);
  const { pooled, benchmarks } = swept;
  const each = Object.entries(benchmarks).map(([benchmark, { points }]) => [benchmark, points] as const);
  await writeFile(join(folder, 'sweep.csv'), csvOf({ all: pooled.points, ...Object.fromEntries(each) }));
  const artifacts = [
    await context.artifact('sweep', 'sweep/sweep.json'),
    await context.artifact('sweep.csv', 'sweep/sweep.csv'),
  ];
  return { summary, artifacts };
}

/** Answers the questions of the given rows with early exit. Thresholds outside (0, 1] stop nothing or everything. */
async function checkLive(
  context: StageContext,
  weights: string,
  recorded: readonly RolloutRow[],
  threshold: number,
): Promise<LiveCheck | null> {
  if (!(threshold > 0 && threshold <= 1)) {
    context.progress.note(`no live check: the chosen threshold ${threshold} stops no question early`);
    return null;
  }
  const { maxTokens, thinkBudget } = context.recipe.evaluate;
  const promptOf = promptsByName(context.prompts);
  const sampling = greedy(maxTokens);
  for (const [set, group] of groupBy(recorded, (row) => row.set)) {
    const prompts = group.flatMap((row) => promptOf(row) ?? []);
    await context.collect(weights, { pass: LIVE, set, prompts, count: 1, sampling, thinkBudget, exit: { threshold } });
  }
  const made = new Map([...context.store.stageRows(context.stageId)].map((row) => [nameOf(row), row]));
  const pairs = recorded.flatMap((row): LiveRow[] => {
    const live = made.get(nameOf(row));
    if (live === undefined) return [];
    return [{ id: row.promptId, benchmark: benchmarkOf(row.set), recorded: row, live: liveOf(live) }];
  });
  const check = liveCheck(pairs, threshold);
  if (check !== null && check.same < check.n)
    context.warn(
      'live-check',
      `${check.n - check.same} of ${check.n} held-out answers differ when the engine stops early`,
      {
        different: check.different,
      },
    );
  return check;
}

const liveOf = ({ trace, verdicts, rollout }: RolloutRow) => ({ trace, verdicts, exit: rollout.exit });
const nameOf = ({ set, promptId }: RolloutRow) => `${set}\0${promptId}`;

/** Finds the prompt of a rollout; of the sets that rollouts are of, ids are kept. */
function promptsByName(sets: StageContext['prompts']) {
  const known = new Map<string, PromptIndex>();
  return ({ set, promptId }: RolloutRow): Prompt | undefined => {
    const index = known.get(set) ?? new PromptIndex(sets.get(set) ?? []);
    known.set(set, index);
    return index.find(promptId);
  };
}
