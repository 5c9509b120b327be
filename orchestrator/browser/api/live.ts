import type { Ledger, StepRow } from '../../store/index.js';
import type { EventsAnswer, StageView } from './run.js';
import type { RunRow } from './runs.js';

/** GET /api/live?run=: server-sent events; each holds only what changed since the one before. */
export type LiveEvent =
  /** Runs whose line changed. */
  | { readonly type: 'runs'; readonly runs: readonly RunRow[]; readonly removed: readonly string[] }
  /** Of the run asked for. */
  | { readonly type: 'stages'; readonly stages: readonly StageView[] }
  | { readonly type: 'ledger'; readonly ledger: Ledger }
  | { readonly type: 'steps'; readonly steps: readonly StepRow[] }
  | { readonly type: 'events'; readonly events: EventsAnswer['events'] }
  /** Rollouts came in: tables may be read again. */
  | { readonly type: 'rollouts'; readonly all: number };
