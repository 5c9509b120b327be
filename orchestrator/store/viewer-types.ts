import type { Prompt, VerdictState } from '../records/index.js';
import type { EventRow, RunRecord, StageRecord, StepRow, StoredRollout } from './types.js';

/** A run without its recipe. */
export interface ViewedRun extends Pick<RunRecord, 'id' | 'name' | 'status' | 'reason' | 'folder' | 'note' | 'tags'> {
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** An attempt that counts, without its result. */
export interface ViewedStage extends Pick<StageRecord, 'id' | 'name' | 'status' | 'seconds' | 'startedAt'> {
  readonly run: number;
  readonly finishedAt: string | null;
}

/** What a stage measured of the policy auto, over all questions; null where it did not. */
export interface Headline {
  readonly accuracy: number | null;
  readonly tokens: number | null;
  readonly thinkRatio: number | null;
}

/** A prompt's row id, set, prompt id, source and problem type. */
export type PromptName = readonly [id: number, set: string, promptId: string, source: string, problemType: string];

/** What tables filter and sort a rollout by. Flags are 1, 0 or null (not known). */
export type Facts = readonly [
  id: number,
  /** Row id of its prompt. */
  prompt: number,
  pass: string,
  index: number,
  step: number | null,
  tokens: number,
  finishReason: string,
  correct: number | null,
  confidence: number | null,
  firstCorrect: number | null,
  firstState: VerdictState | null,
  secondCorrect: number | null,
  secondState: VerdictState | null,
  reward: number | null,
];

/** Both answers of a rollout and what they cost. */
export type Answers = readonly [
  id: number,
  prompt: number,
  confidence: number | null,
  firstCorrect: number | null,
  firstTokens: number,
  secondCorrect: number | null,
  tokens: number,
];

export interface ViewedQuestion {
  /** Content hash of its (first) medium. */
  readonly media: string | null;
  readonly question: string;
  /** Gold answer and spans, as text that is equal where they are. */
  readonly gold: string;
}

/** A rollout without its tokens, as lists show it. */
export type ViewedLine = Omit<ViewedRollout, 'rollout'> & {
  readonly rollout: Pick<StoredRollout['rollout'], 'index' | 'finishReason'>;
};

/** A rollout with everything that belongs to it. */
export interface ViewedRollout extends StoredRollout {
  readonly runId: number;
  readonly prompt: Prompt;
}

export type EventsFrom = { readonly limit: number } & ({ readonly after: number } | { readonly before: number });

/** What the run browser asks of a store, beside what `Store` answers: many runs at once, and rollouts as columns. Read-only. */
export interface Viewer {
  /** Another number whenever another process has committed something. */
  version(): number;
  /** Newest first. */
  runs(): ViewedRun[];
  /** By its name or id; undefined when there is none. */
  run(key: string | number): ViewedRun | undefined;
  /** Of all runs, or of one, in order of their start. */
  stages(runId?: number): ViewedStage[];
  /** When something was last written down for a run, as an ISO time. */
  lastActivity(runId: number): string | null;
  /** Rollouts by stage, of one run. */
  rolloutCounts(runId: number): Map<number, number>;
  headline(stageId: number): Headline;
  /** Mean reward of each training step of a stage, in order. */
  rewards(stageId: number): number[];
  steps(runId: number, after: number): StepRow[];
  /** In their order: the first ones behind an id, or the last ones before it. */
  events(runId: number, from: EventsFrom): (EventRow & { readonly id: number })[];
  promptNames(runId: number): PromptName[];
  /** Of one stage, in the order of their commit, behind the row `after`. */
  facts(stageId: number, after: number, limit: number): Facts[];
  /** Of one pass of a stage, in the order of their commit. */
  answers(stageId: number, pass: string): Answers[];
  /** The questions of the benchmarks, by the prompt's row id. */
  questions(runId: number): Map<number, ViewedQuestion>;
  /** In the order of the ids; those that are gone are left out. */
  lines(ids: readonly number[]): ViewedLine[];
  rollouts(ids: readonly number[]): ViewedRollout[];
  /** Ids of the rollouts of the same prompt in the same stage, pass and step, by their index. */
  group(id: number): number[];
  close(): void;
}
