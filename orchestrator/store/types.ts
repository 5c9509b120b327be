import type { Prompt, PromptSet, Reward, Rollout, Trace, Verdicts } from '../records/index.js';

/** running: a process works on it, or died without a word; interrupted: stopped by the user, continues when started again. */
export type Status = 'running' | 'done' | 'failed' | 'interrupted';

export interface NewRun {
  readonly name: string;
  /** The recipe as the user wrote it. */
  readonly recipeText: string;
  /** The recipe with every default filled in. */
  readonly recipe: unknown;
  /** Run folder. */
  readonly folder: string;
  readonly seed: number;
  /** Versions and platform that the run works on. */
  readonly environment: unknown;
}

export interface RunRecord extends NewRun {
  readonly id: number;
  readonly status: Status;
  /** Why it failed or stopped. */
  readonly reason: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** What somebody noted down about it. */
  readonly note: string | null;
  /** In alphabetical order. */
  readonly tags: readonly string[];
}

/** One attempt at a stage. */
export interface StageRecord {
  readonly id: number;
  readonly name: string;
  /** Content hash of everything that the result depends on. */
  readonly key: string;
  /** From 1; another key or a forced rerun is another attempt. */
  readonly attempt: number;
  readonly status: Status;
  /** A later attempt counts instead. */
  readonly superseded: boolean;
  readonly reason: string | null;
  readonly result: unknown;
  /** How often a later start of the run found the stage done. */
  readonly reuses: number;
  /** Seconds worked, over all sittings that ended in an orderly way. */
  readonly seconds: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** What `startStage` found. */
export interface StartedStage {
  readonly id: number;
  /** The stage is done with the same key: `result` holds, nothing is to be run. */
  readonly reused: boolean;
  /** An unfinished attempt with the same key goes on: its committed units hold. */
  readonly resumed: boolean;
  /** From 1; see StageRecord. */
  readonly attempt: number;
  readonly result: unknown;
}

/** A file or folder that a stage left behind, relative to the run folder. */
export interface ArtifactRow {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** One graded rollout. */
export interface RolloutRow {
  /** Prompt set (`train`, `benchmark:perception`). */
  readonly set: string;
  /** Pass within the stage (`filter`, `greedy`, `sampled`, `train`). */
  readonly pass: string;
  readonly promptId: string;
  readonly rollout: Rollout;
  readonly trace: Trace;
  readonly verdicts: Verdicts;
  /** Null when the grader failed: the rollout is left out of its group. */
  readonly reward: Reward | null;
  /** Optimiser step that it was sampled for, in training. */
  readonly step?: number;
  /** Hash of the request that it answers (32 hex digits), by which it is found again. */
  readonly request?: string;
}

/** How a unit came by its rollouts. */
export interface UnitCounts {
  /** Taken from an earlier stage or run. */
  readonly cached: number;
  /** Sent to the engine more than once, after a process was lost. */
  readonly retried: number;
}

export interface StoredRollout extends RolloutRow {
  readonly id: number;
  readonly stageId: number;
  readonly stage: string;
  /** Right or wrong by the answer that counts (the second, or the only one); null when the grader failed. */
  readonly correct: boolean | null;
}

/** What a rollout comes to: a row without its texts and tokens. */
export interface Outcome {
  readonly id: number;
  readonly promptId: string;
  /** The prompt's place in its set; null when it is no longer in it. */
  readonly place: number | null;
  readonly index: number;
  /** By the answer that counts: no such answer is false and 0, one that the grader failed at is null. */
  readonly correct: boolean | null;
  readonly value: number | null;
  /** Tokens of the completion. */
  readonly tokens: number;
}

/** A request that gave no rollout: data, with its reason. */
export interface FailureRow {
  readonly set: string;
  readonly promptId: string;
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

export interface RolloutFilter {
  readonly run: number;
  /** Name of a stage (its attempt that counts) or the id of any attempt. */
  readonly stage?: string | number;
  readonly set?: string;
  readonly promptId?: string;
  readonly correct?: boolean;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface RolloutPage {
  readonly rows: readonly StoredRollout[];
  /** Opaque token of the next page; null at the end. */
  readonly next: string | null;
}

/** The filter's word on one prompt; `more` and `unknown` both mean that it could not be decided. */
export interface DecisionRow {
  readonly promptId: string;
  readonly decision: 'keep' | 'drop' | 'unknown' | 'more';
  readonly reason: string;
  /** Right rollouts of `total`. */
  readonly correct: number;
  readonly total: number;
}

export interface StepRow {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

export interface MetricRow {
  readonly benchmark: string;
  readonly policy: string;
  readonly name: string;
  /** Null when there is nothing to take it of. */
  readonly value: number | null;
  /** Ends of the 95% interval. */
  readonly low?: number | null;
  readonly high?: number | null;
  /** Items that the value was taken of. */
  readonly n: number;
}

export interface EventInput {
  readonly level: 'info' | 'warning' | 'error';
  readonly stage?: string | undefined;
  readonly kind: string;
  readonly message: string;
  readonly data?: unknown;
}

export interface EventRow extends EventInput {
  readonly at: string;
}

/** Where every prompt and rollout of a run stands; counted from the rows, and the sums close. */
export interface Ledger {
  /** Prompts by set. */
  readonly prompts: Readonly<Record<string, number>>;
  readonly kept: number;
  readonly dropped: number;
  readonly unknown: number;
  readonly rollouts: number;
  readonly failures: number;
  readonly cached: number;
  readonly retried: number;
  /** 0 in a sound store. */
  readonly lost: number;
  readonly stages: readonly StageLedger[];
}

/** One stage that has rollouts. `promptsIn` = done + unknown + lost prompts, once the stage is done. */
export interface StageLedger {
  readonly stage: string;
  readonly units: number;
  /** Prompts that the stage has to handle; in training, those that it took. */
  readonly promptsIn: number;
  /** Prompts that it has handled: decided, answered, or failed with a reason. */
  readonly done: number;
  /** Prompts without a decision, or none of whose rollouts has a verdict. */
  readonly unknown: number;
  readonly rollouts: number;
  readonly failures: number;
  readonly cached: number;
  readonly retried: number;
  /** Rollouts that units promised and the table does not hold, and prompts that a stage that is done left out. */
  readonly lost: number;
}

export interface BackupOptions {
  /** Nothing is done when the last backup is younger; default 10. */
  readonly olderThanMinutes?: number;
  /** Nothing is done when the store is larger; default 20 GB. */
  readonly mostBytes?: number;
}

/** What became of a backup; `file` is where it lies. */
export interface BackupOutcome {
  readonly state: 'made' | 'recent' | 'too-large' | 'no-space';
  readonly file: string;
}

/** Everything that vauto remembers: one SQLite file (WAL). Calls but `backup` are synchronous; numbers named `…Id` are row ids. */
export interface Store {
  /** The database file. */
  readonly file: string;

  /** Throws UserError `run-exists` when the name is taken. */
  createRun(run: NewRun): number;
  /** Notes what a later start of the run works with. */
  updateRun(runId: number, changes: Partial<Omit<NewRun, 'name' | 'folder'>>): void;
  findRun(name: string): RunRecord | undefined;
  /** Newest first. */
  listRuns(): RunRecord[];
  /** A note of null takes it away. */
  setNote(runId: number, note: string | null): void;
  /** A tag that is there already, or is not there, is no error. */
  changeTags(runId: number, changes: { readonly add?: readonly string[]; readonly remove?: readonly string[] }): void;
  setRunStatus(runId: number, status: Status, reason?: string): void;
  /** Takes the run and all its rows away; the folder is the caller's. */
  removeRun(runId: number): void;
  /** Takes away what no run refers to: attempts that a later one replaced, prompts that left their set and have no rollouts. */
  removeUnreferenced(): { readonly stages: number; readonly rollouts: number; readonly prompts: number };

  /** Done with this key: reused. Unfinished with this key: goes on. Anything else, or forced: a new attempt. */
  startStage(runId: number, name: string, key: string, options?: { readonly force?: boolean }): StartedStage;
  /** Result, artifacts and the mark `done` in one transaction that is on the disk when this returns. */
  finishStage(stageId: number, result: object, artifacts: readonly ArtifactRow[]): void;
  failStage(stageId: number, reason: string, status: 'failed' | 'interrupted'): void;
  /** Attempts that count, in order of their start; with `all`, the superseded ones too. */
  stages(runId: number, options?: { readonly all?: boolean }): StageRecord[];
  artifacts(runId: number): (ArtifactRow & { readonly stage: string })[];

  /** Makes the set exactly these prompts, in this order: written in batches, changed at once when all are written. */
  savePrompts(runId: number, set: string, prompts: Iterable<Prompt>): void;
  prompts(runId: number, set: string): Prompt[];
  /** The set as it stands, read bit by bit. */
  promptSet(runId: number, set: string): PromptSet;
  /** The current record, or the newest one that rollouts were made of. */
  findPrompt(runId: number, set: string, promptId: string): Prompt | undefined;

  committedUnits(stageId: number): Set<string>;
  /** Rows with traces, verdicts and rewards, and the failures: all of the unit or nothing. A unit commits once. */
  commitUnit(
    stageId: number,
    unit: string,
    rows: readonly RolloutRow[],
    failures?: readonly FailureRow[],
    counts?: UnitCounts,
  ): void;
  /** Rollouts of any run that answered these requests (`RolloutRow.request`), by request. */
  recall(requests: readonly string[]): Map<string, Rollout>;
  rollouts(filter: RolloutFilter): RolloutPage;
  /** All rollouts of a stage in the order of their commit; other calls are fine between two of them. */
  stageRows(stageId: number): IterableIterator<StoredRollout>;
  /** The outcomes of a stage in the order of their commit, those behind the row `after`; other calls are fine in between. */
  outcomes(stageId: number, after?: number): IterableIterator<Outcome>;
  failures(stageId: number): FailureRow[];
  /** How many requests of a stage failed, and how many answers have no verdict because their grader failed. */
  errors(stageId: number): number;

  saveDecisions(stageId: number, decisions: Iterable<DecisionRow>): void;
  decisions(stageId: number): DecisionRow[];
  /** Places of the prompts with one of these decisions, in order. */
  decided(stageId: number, as: readonly DecisionRow['decision'][]): number[];
  /** Replaces the step when it is there (training went on from an earlier checkpoint). */
  saveStep(stageId: number, step: number, metrics: Readonly<Record<string, number | null>>): void;
  /** Training steps of the run, of attempts that count. */
  steps(runId: number): StepRow[];
  saveMetrics(stageId: number, metrics: readonly MetricRow[]): void;
  /** Metrics of the run, of attempts that count, in the order of their saving. */
  metrics(runId: number): (MetricRow & { readonly stage: string })[];
  addEvent(runId: number, event: EventInput): void;
  events(runId: number): EventRow[];
  ledger(runId: number): Ledger;

  /** Copies the store to `FILE.backup`, checked and at once; rejects with `store-damaged` and keeps the earlier backup. */
  backup(options?: BackupOptions): Promise<BackupOutcome>;
  close(): void;
}
