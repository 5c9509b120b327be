import type { Status } from '../../store/index.js';

/** `stalled`: its process lives and has written nothing for ten minutes. */
export type RunStatus = Status | 'stalled';

export const RUN_ORDERS = ['created', 'name', 'status', 'accuracy', 'tokens', 'seconds', 'rollouts'] as const;
export type RunOrder = (typeof RUN_ORDERS)[number];

/** One line of the page of runs. */
export interface RunRow {
  readonly name: string;
  readonly status: RunStatus;
  /** Why it stopped or failed. */
  readonly reason: string | null;
  /** The stage that is or was worked on last. */
  readonly stage: string | null;
  readonly stagesDone: number;
  readonly tags: readonly string[];
  readonly note: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Worked, over all stages. */
  readonly seconds: number;
  readonly rollouts: number;
  /** Of the policy auto after training (before, without one), over all questions. */
  readonly accuracy: number | null;
  readonly meanTokens: number | null;
  readonly thinkRatio: number | null;
  /** Mean reward over training, at most 40 points in order. */
  readonly reward: readonly number[];
}

/** GET /api/runs?q=&status=&tag=&sort=&order=asc|desc&offset=&limit= */
export interface RunsAnswer {
  readonly runs: readonly RunRow[];
  /** Runs that match. */
  readonly total: number;
  /** Runs in the store. */
  readonly all: number;
  /** Every tag in use. */
  readonly tags: readonly string[];
}
