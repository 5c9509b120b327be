import PQueue from 'p-queue';
import { parseCompletion } from '../answer/index.js';
import { gradeMany, type MathVerifier } from '../grading/index.js';
import { messagesFor } from '../prompting/index.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt, Rollout } from '../records/index.js';
import { dualAnswerReward } from '../reward/index.js';
import { isFailure, type RolloutEngine, type RolloutFailure, type RolloutRequest } from '../rollout/engine.js';
import type { RolloutRow, Store } from '../store/index.js';
import { rolloutSeed } from './key.js';
import type { CollectJob, CollectSummary, StageProgress } from './stage.js';

/** What collecting needs besides the job. */
export interface Collector {
  readonly recipe: Recipe;
  readonly system: string | undefined;
  readonly store: Store;
  readonly stageId: number;
  readonly verifyMath: MathVerifier;
  readonly progress: StageProgress;
  readonly signal: AbortSignal;
  engine(): Promise<RolloutEngine>;
}

interface Unit {
  readonly name: string;
  readonly prompts: readonly Prompt[];
}

/**
 * Prompts → rollouts → traces → verdicts → store. The unit of work is a fixed batch of whole groups in prompt order;
 * each is committed whole, so a resumed run repeats at most the units in flight. Grading and committing a unit overlaps
 * with generating the next one.
 */
export async function collect(collector: Collector, job: CollectJob): Promise<CollectSummary> {
  const committed = collector.store.committedUnits(collector.stageId);
  const units = unitsOf(job, collector.recipe.engine.unit);
  const open = units.filter((unit) => !committed.has(unit.name));
  const totals = { rollouts: 0, failures: 0, generatedTokens: 0, promptTokens: 0, engineSeconds: 0 };
  const finished = units.filter((unit) => committed.has(unit.name)).reduce((sum, unit) => sum + unit.prompts.length, 0);
  let done = finished * job.count;
  const total = job.prompts.length * job.count;
  const right = { graded: 0, correct: 0 };
  const commits = new PQueue({ concurrency: 1 });
  let failed: unknown;

  try {
    for (const unit of open) {
      collector.signal.throwIfAborted();
      if (failed !== undefined) break;
      const started = performance.now();
      const results = await generateUnit(collector, job, unit, (tokens) => {
        done += 1;
        totals.generatedTokens += tokens;
        const seconds = totals.engineSeconds + (performance.now() - started) / 1000;
        collector.progress.update(done, total, {
          pass: job.pass,
          'tokens/s': Math.round(totals.generatedTokens / seconds),
          ...(right.graded > 0 ? { right: (right.correct / right.graded).toFixed(2) } : {}),
        });
      });
      totals.engineSeconds += (performance.now() - started) / 1000;
      // One unit may wait for its commit while the next is generated; more would only hold memory.
      await commits.onSizeLessThan(1);
      void commits
        .add(async () => {
          const rows = await gradeRollouts(collector, job, unit.prompts, results.rollouts);
          collector.store.commitUnit(
            collector.stageId,
            unit.name,
            rows,
            results.failures.map((failure) => ({ set: job.set, ...failure })),
          );
          totals.rollouts += rows.length;
          totals.failures += results.failures.length;
          for (const row of rows) {
            totals.promptTokens += row.rollout.promptTokens;
            right.graded += 1;
            if (row.verdicts.second?.correct) right.correct += 1;
          }
        })
        .catch((error: unknown) => {
          failed ??= error;
        });
    }
  } finally {
    // Also after an interruption: what was generated is committed, and the store is not closed under it.
    await commits.onIdle();
  }
  if (failed !== undefined) throw failed;
  return totals;
}

/** Splits a job into units of about `size` requests, whole groups each, in prompt order. */
function unitsOf(job: CollectJob, size: number): Unit[] {
  const groups = Math.max(1, Math.floor(size / job.count));
  const units: Unit[] = [];
  for (let start = 0; start < job.prompts.length; start += groups) {
    units.push({ name: `${job.pass}/${job.set}/${start}`, prompts: job.prompts.slice(start, start + groups) });
  }
  return units;
}

async function generateUnit(collector: Collector, job: CollectJob, unit: Unit, onDone: (tokens: number) => void) {
  const engine = await collector.engine();
  const rollouts: Rollout[] = [];
  const failures: RolloutFailure[] = [];
  await engine.generate(requestsOf(collector, job, unit), {
    signal: collector.signal,
    onResult: (result) => {
      if (isFailure(result)) failures.push(result);
      else rollouts.push(result);
      onDone(isFailure(result) ? 0 : result.tokenIds.length);
    },
  });
  collector.signal.throwIfAborted();
  return { rollouts, failures };
}

function requestsOf(collector: Collector, job: CollectJob, unit: Unit): RolloutRequest[] {
  const { recipe, system } = collector;
  return unit.prompts.flatMap((prompt) => {
    const { messages } = messagesFor(prompt, {
      mode: recipe.prompting.mode,
      ...(system === undefined ? {} : { system }),
    });
    return Array.from({ length: job.count }, (_, index) => ({
      promptId: prompt.id,
      index,
      seed: rolloutSeed(recipe.seed, job.pass, prompt.id, index),
      messages,
      media: prompt.media,
      sampling: job.sampling,
      ...(job.exit === undefined ? {} : { exit: job.exit }),
      ...(job.thinkBudget === undefined ? {} : { thinkBudget: job.thinkBudget }),
    }));
  });
}

/** Parses, grades and rewards rollouts of the given prompts; rows come out ordered by prompt and index. */
export async function gradeRollouts(
  grader: Pick<Collector, 'recipe' | 'verifyMath'>,
  job: Pick<CollectJob, 'set' | 'pass'>,
  prompts: readonly Prompt[],
  rollouts: readonly Rollout[],
): Promise<RolloutRow[]> {
  const { mode, parsers } = grader.recipe.prompting;
  const weights = grader.recipe.reward;
  const reading = { formatRule: weights.formatRule, parsers };
  const places = new Map(prompts.map((prompt, place) => [prompt.id, { prompt, place }]));
  const items = rollouts.flatMap((rollout) => {
    const found = places.get(rollout.promptId);
    return found ? [{ ...found, rollout, trace: parseCompletion(rollout, mode, reading) }] : [];
  });
  items.sort((a, b) => a.place - b.place || a.rollout.index - b.rollout.index);
  const verdicts = await gradeMany(items, {
    verifyMath: grader.verifyMath,
    correctThreshold: weights.correctThreshold,
  });
  return items.map(({ prompt, rollout, trace }, index) => {
    const graded = verdicts[index] ?? { first: null, second: null };
    const reward = dualAnswerReward(trace, graded, weights, mode);
    return { set: job.set, pass: job.pass, promptId: prompt.id, rollout, trace, verdicts: graded, reward };
  });
}
