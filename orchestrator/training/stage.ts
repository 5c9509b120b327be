import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';
import type { Estimate, StageContext, StageResult } from '../pipeline/stage.js';
import type { Recipe } from '../recipe/index.js';
import { PromptIndex, type PromptSet } from '../records/index.js';
import type { StepRow } from '../store/index.js';
import { alarmBell } from './alarm-bell.js';
import { type EngineRollouts, engineRollouts } from './engine-rollouts.js';
import { runTraining } from './launched.js';
import { twiceIfLost } from './lost-trainer.js';
import { modelCard } from './model-card.js';
import { trainParams } from './params.js';
import { parityGate } from './parity-gate.js';
import { writePromptsFile } from './prompts-file.js';
import { rewardHandler } from './reward-service.js';
import { storedGroups } from './stored-groups.js';

export const name = 'train';
/** Raise when the stage's output for the same inputs changes. */
export const version = 2;

const environmentSchema = z.object({ packages: z.record(z.string(), z.string()).default({}) }).catch({ packages: {} });

export interface TrainSummary {
  readonly steps: number;
  /** The step whose policy it is: the last, or the best by `train.best`. */
  readonly step: number;
  /** Folder of the trained policy, relative to the run folder. */
  readonly checkpoint: string;
  readonly rewardFirst: number | null;
  readonly rewardLast: number | null;
  /** Largest gap between engine and trainer log-probs of the same tokens, before step 1. */
  readonly parityMaxGap: number | null;
}

export function inputs(recipe: Recipe): unknown {
  const { prompting, reward, video } = recipe;
  // How it is watched and stored, and where its policy goes, changes nothing of a training.
  const { alarms: _alarms, keepCheckpoints: _kept, push: _push, storedRollouts: _stored, ...rest } = recipe.train;
  // Nor does where the engine's memory is meanwhile.
  const { sleep: _sleep, adaptThink, ...train } = rest;
  const chooses = prompting.mode === 'adapt-think' ? { adaptThink } : {};
  return {
    train: { ...train, ...chooses },
    prompting: { mode: prompting.mode, parsers: prompting.parsers },
    reward,
    video,
  };
}

export function estimate(recipe: Recipe): Estimate {
  const { enabled, steps, promptsPerStep, groupSize, maxCompletionTokens } = recipe.train;
  const rollouts = enabled ? steps * promptsPerStep * groupSize : 0;
  return { rollouts, tokens: rollouts * maxCompletionTokens, steps: enabled ? steps : 0 };
}

/** GRPO on the kept prompts: parity gate, then TRL steps whose rewards are computed here (paper, section 3.2). */
export async function run(
  context: StageContext,
  weights: string,
  prompts: PromptSet,
): Promise<StageResult<TrainSummary>> {
  refuseTooFew(context, prompts.length);
  const parityMaxGap = await parityGate(context, weights, prompts);
  // Up before the trainer: vLLM looks for free memory when it starts.
  if (context.sleep) await (await context.engine(weights)).sleep?.();
  const promptsFile = await writePromptsFile(join(context.folder, 'prompts.jsonl'), prompts, promptingOf(context));
  const curve = new Map(
    context.store.steps(context.runId).map(({ step, metrics }) => [step, metrics.reward_mean ?? null]),
  );

  const index = new PromptIndex(prompts);
  const made = context.recipe.train.generation === 'engine' ? engineRollouts(context, index) : undefined;
  const params = trainParams(context, weights, promptsFile);
  const result = await twiceIfLost(
    context,
    () => train(context, params, index, made, curve),
    async () => made?.handlers.settle({}),
  );
  context.signal.throwIfAborted();
  const points = [...curve].sort(([a], [b]) => a - b).map(([, reward]) => reward);
  const tail = Math.max(1, Math.floor(points.length / 5));
  const summary = {
    steps: result.steps,
    step: result.step,
    checkpoint: 'train/policy',
    rewardFirst: mean(points.slice(0, tail)),
    rewardLast: mean(points.slice(-tail)),
    parityMaxGap,
  };
  await writeFile(join(context.folder, 'policy', 'README.md'), cardOf(context, weights, prompts, result.step));
  const artifacts = [await context.artifact('policy', 'train/policy')];
  if (context.recipe.train.lora) artifacts.push(await context.artifact('adapter', 'train/adapter'));
  return { summary, artifacts };
}

/** One attempt, from the last checkpoint on. `curve`: mean reward by step. */
function train(
  context: StageContext,
  params: ReturnType<typeof trainParams>,
  prompts: PromptIndex,
  made: EngineRollouts | undefined,
  curve: Map<number, number | null>,
) {
  const stored = storedGroups(context.recipe);
  const bell = alarmBell(context);
  const call = runTraining(context, params, {
    signal: AbortSignal.any([context.signal, bell.signal]),
    handlers: { reward: rewardHandler(context, prompts, made, stored), ...made?.handlers },
    onEvent: (event, payload) => {
      if (event === 'step') {
        const { step, ...metrics } = payload as { step: number } & StepRow['metrics'];
        const row = recordStep(context, { step, metrics: { ...metrics, ...stored.numbers(step) } });
        curve.set(row.step, row.metrics.reward_mean ?? null);
        bell.step(row);
      } else if (event === 'warning') context.warn('train', String((payload as { message: unknown }).message), payload);
      else if (event === 'saved') {
        const { step } = payload as { step: number };
        made?.forget(step);
        context.progress.note(`checkpoint after step ${step}`);
      }
    },
  });
  return call.finally(bell.close);
}

function refuseTooFew(context: StageContext, kept: number): void {
  const { promptsPerStep, stepsPerRound } = context.recipe.train;
  const needed = promptsPerStep * stepsPerRound;
  if (kept >= needed) return;
  throw new UserError({
    code: 'too-few-prompts',
    kind: 'data',
    message: `the filter kept ${kept} prompts, one round of training needs ${needed}`,
    fix: 'add prompts of middling difficulty, lower train.promptsPerStep or train.stepsPerRound, or set filter.enabled to false',
  });
}

function promptingOf(context: StageContext) {
  const { mode } = context.recipe.prompting;
  return { mode, ...(context.system === undefined ? {} : { system: context.system }) };
}

function cardOf(
  { recipe, store, runId, system }: StageContext,
  base: string,
  prompts: PromptSet,
  step: number,
): string {
  const run = store.listRuns().find(({ id }) => id === runId);
  const { packages } = environmentSchema.parse(run?.environment);
  const sources = [...new Set(Array.from(prompts, ({ source }) => source))];
  return modelCard({ recipe, base, step, prompts: prompts.length, sources, system, packages });
}

function recordStep(context: StageContext, row: StepRow): StepRow {
  const { step, metrics } = row;
  context.store.saveStep(context.stageId, step, metrics);
  const extra: Record<string, string> = {};
  for (const key of ['reward_mean', 'kl'] as const) {
    const value = metrics[key];
    if (typeof value === 'number') extra[key === 'kl' ? 'kl' : 'reward'] = value.toFixed(key === 'kl' ? 4 : 2);
  }
  context.progress.update(step, context.recipe.train.steps, extra);
  return row;
}

function mean(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
