import type { Worker } from '../bridge/index.js';
import type { MathVerifier } from '../grading/index.js';
import type { Recipe } from '../recipe/index.js';
import type { Prompt, PromptSet, Rollout, Sampling } from '../records/index.js';
import type { RolloutEngine } from '../rollout/engine.js';
import type { RolloutRow, Store } from '../store/index.js';
import type { RawArtifact } from './artifacts.js';

/** Stages in the order in which they run. */
export const stageNames = ['filter', 'evaluate-before', 'train', 'evaluate', 'sweep', 'report'] as const;
export type StageName = (typeof stageNames)[number];

/** What a stage is expected to cost, for `vauto plan`. */
export interface Estimate {
  readonly rollouts: number;
  /** Upper bound of generated tokens. */
  readonly tokens: number;
  /** Optimiser steps. */
  readonly steps: number;
}

/** What a stage leaves behind; `summary` is JSON, handed to later stages and shown by `vauto runs show`. */
export interface StageResult<Summary = unknown> {
  readonly summary: Summary;
  readonly artifacts: readonly RawArtifact[];
}

/** A batch of rollouts to collect: every prompt `count` times, graded and committed in fixed units. */
export interface CollectJob {
  /** Name of the pass within its stage, part of each unit's name (`greedy/perception`). */
  readonly pass: string;
  /** Prompt set as saved in the store (`train`, `benchmark:perception`). */
  readonly set: string;
  readonly prompts: PromptSet;
  readonly count: number;
  /** Place in its group of the first rollout of each prompt; default 0. A wave of its own in the store. */
  readonly from?: number;
  readonly sampling: Sampling;
  /** End each completion at its first answer when that is sure enough. */
  readonly exit?: { readonly threshold: number };
  /** Tokens of thinking after which the second answer is asked for. */
  readonly thinkBudget?: number | undefined;
  /** Where this job stands in a larger one, in requests. */
  readonly progress?: { readonly before: number; readonly total: number };
  /** What every completion is made to begin with. */
  readonly begin?: string;
}

/** `bitwise`: batches are the same each time, and so are the bits; `throughput`: the same work, as fast as it goes. */
export type Determinism = 'bitwise' | 'throughput';

/**
 * Which rollouts of the store are taken instead of generating them: none; those of a unit when it has all of them, so that
 * batches stay as they would be without it; each that it has.
 */
export type Reuse = 'none' | 'unit' | 'request';

export interface CollectSummary {
  readonly rollouts: number;
  readonly failures: number;
  /** Of the rollouts: taken from the store instead of being generated. */
  readonly cached: number;
  readonly generatedTokens: number;
  readonly promptTokens: number;
  /** Seconds spent in the engine, for units generated now (0 when all were there already). */
  readonly engineSeconds: number;
}

/** Reports how far a stage is; shown on the terminal and nowhere else. */
export interface StageProgress {
  update(done: number, total: number, extra?: Readonly<Record<string, number | string>>): void;
  note(message: string): void;
}

/** Everything a stage may touch. Made by pipeline/context.ts alone. */
export interface StageContext {
  readonly recipe: Recipe;
  readonly store: Store;
  readonly runId: number;
  readonly stageId: number;
  /** The stage's own folder inside the run folder; exists. */
  readonly folder: string;
  readonly progress: StageProgress;
  readonly signal: AbortSignal;
  /** Prompts by set name. */
  readonly prompts: ReadonlyMap<string, PromptSet>;
  /** System prompt text that replaces the built-in one, if the recipe names a file. */
  readonly system: string | undefined;
  /** Configuration file of accelerate for the training, if the recipe names one. */
  readonly accelerate: string | undefined;
  /** The engine is put to sleep while the trainer takes its steps. */
  readonly sleep: boolean;
  readonly verifyMath: MathVerifier;
  /** The warm engine with the given weights loaded. */
  engine(weights: string): Promise<RolloutEngine>;
  trainer(): Worker;
  collect(weights: string, job: CollectJob): Promise<CollectSummary>;
  /** Parses, grades and rewards rollouts of the given prompts; rows come out ordered by prompt and index. */
  grade(
    pass: Pick<CollectJob, 'set' | 'pass'>,
    prompts: readonly Prompt[],
    rollouts: readonly Rollout[],
  ): Promise<RolloutRow[]>;
  /** Hashes a file or folder (path relative to the run folder) that the stage leaves behind. */
  artifact(name: string, path: string): Promise<RawArtifact>;
  warn(kind: string, message: string, data?: unknown): void;
}
