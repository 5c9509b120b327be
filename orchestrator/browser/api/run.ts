import type { EventRow, Ledger, MetricRow, StageRecord, StepRow } from '../../store/index.js';
import type { RunRow, RunStatus } from './runs.js';

export interface StageView extends Omit<StageRecord, 'id' | 'result' | 'status'> {
  readonly status: RunStatus;
}

/** GET /api/runs/:run */
export interface RunDetail {
  readonly run: RunRow & { readonly seed: number };
  /** The command that goes on with it; null when it is done or under way. */
  readonly resume: string | null;
  /** In order of their start, replaced attempts among them. */
  readonly stages: readonly StageView[];
  readonly ledger: Ledger;
  readonly filter: FilterView | null;
  readonly evaluation: readonly EvaluationRow[];
  /** Paired differences that the evaluation made: gain, versus-never, versus-always, token-saving. */
  readonly differences: readonly (MetricRow & { readonly stage: string })[];
  readonly artifacts: readonly {
    readonly name: string;
    readonly stage: string;
    readonly path: string;
    readonly sha256: string;
    readonly bytes: number;
  }[];
  readonly warnings: readonly { readonly kind: string; readonly message: string; readonly n: number }[];
  /** The threshold that the gate works with, and who chose it. */
  readonly threshold: { readonly value: number; readonly from: 'sweep' | 'recipe' } | null;
  readonly recipeText: string;
  /** Versions and platform. */
  readonly environment: unknown;
}

export interface FilterView {
  readonly prompts: number;
  readonly keep: number;
  readonly drop: number;
  readonly easy: number;
  readonly hard: number;
  readonly unknown: number;
  readonly rollouts: number;
  readonly exact: boolean;
  /** Prompts by number of right rollouts; not exact: never right, mixed, always right. */
  readonly passHistogram: readonly number[];
  readonly saved: { readonly rollouts: number; readonly tokens: number };
  readonly groups: readonly {
    readonly source: string;
    readonly problemType: string;
    readonly prompts: number;
    readonly keep: number;
    readonly easy: number;
    readonly hard: number;
    readonly unknown: number;
  }[];
}

export interface Estimate {
  readonly value: number | null;
  /** Ends of the 95% interval. */
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

export interface EvaluationRow {
  /** evaluate-before or evaluate. */
  readonly stage: string;
  readonly benchmark: string;
  readonly policy: string;
  readonly accuracy: Estimate;
  readonly tokens: number | null;
  readonly thinkRatio: number | null;
}

/** GET /api/runs/:run/steps?after=STEP: all numbers of the steps behind this one. */
export interface StepsAnswer {
  readonly steps: readonly StepRow[];
}

/** GET /api/runs/:run/events?after=ID&limit= or ?before=ID&limit=, in their order; without an id the last ones. */
export interface EventsAnswer {
  readonly events: readonly (EventRow & { readonly id: number })[];
}
