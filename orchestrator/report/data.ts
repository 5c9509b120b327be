import type { Prompt, Reward, Trace, Verdicts } from '../records/index.js';

/** A number with its 95% interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  /** Items that it was taken of. */
  readonly n: number;
}

/** One line of the before/after table. */
export interface TableRow {
  readonly benchmark: string;
  /** never, always, auto, sampled, chance. */
  readonly policy: string;
  /** Accuracy of the starting policy; null without training. */
  readonly before: Estimate | null;
  readonly after: Estimate | null;
  readonly tokens: Cost;
  readonly thinkRatio: Cost;
}

/** What answers cost now, and before training; null where it was not measured. */
export interface Cost {
  readonly before: number | null;
  readonly now: number | null;
}

/** Change of the second answer's accuracy by training, paired by prompt; in the unit of accuracy (0.05 = 5 points). */
export interface Gain {
  readonly benchmark: string;
  readonly policy: string;
  readonly gain: Estimate;
}

export interface FrontierPoint {
  readonly threshold: number;
  readonly accuracy: number;
  readonly thinkRatio: number;
  readonly meanTokens: number;
}

export interface Frontier {
  /** Name of the benchmark; null for all benchmarks together. */
  readonly benchmark: string | null;
  readonly n: number;
  /** From no early exit to always exiting. */
  readonly points: readonly FrontierPoint[];
  /** 95% intervals at some of the points; none in a run of an older vauto. */
  readonly bands: readonly {
    readonly threshold: number;
    readonly accuracy: Range;
    readonly meanTokens: Range;
  }[];
  readonly never: { readonly accuracy: number; readonly meanTokens: number };
  readonly always: { readonly accuracy: number; readonly meanTokens: number };
  /** Chosen on one part of the questions; accuracy, tokens and interval are of the other part. */
  readonly chosen: {
    readonly threshold: number;
    readonly rule: string;
    readonly accuracy: number;
    readonly ci: readonly [number, number] | null;
    readonly n: number | null;
  } | null;
  readonly calibration: Calibration | null;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** What the chosen threshold does when the engine itself stops, beside what the recorded traces promise. */
export interface LiveCheck {
  readonly threshold: number;
  /** Held-out questions, answered once more. */
  readonly n: number;
  readonly predicted: LivePoint;
  readonly live: LivePoint;
  /** Questions with the same answer either way. */
  readonly same: number;
  /** Completions by how their exit was made. */
  readonly modes: Readonly<Record<string, number>>;
  readonly wastedTokens: number;
  /** Largest difference between the engine's confidence and the recorded one. */
  readonly confidenceError: number;
}

interface LivePoint {
  readonly accuracy: number;
  readonly thinkRatio: number;
  readonly meanTokens: number;
}

export interface Calibration {
  /** Expected calibration error of the first answer's confidence. */
  readonly ece: number;
  /** Chance that a right first answer is surer than a wrong one. */
  readonly auroc: number | null;
  /** What one temperature for all confidences would make of the error, on `n` held-out questions. */
  readonly scaling: {
    readonly temperature: number;
    readonly eceBefore: number;
    readonly eceAfter: number;
    readonly n: number;
  } | null;
  readonly bins: readonly {
    readonly low: number;
    readonly high: number;
    readonly n: number;
    readonly confidence: number;
    readonly accuracy: number;
  }[];
}

export interface TraceSample {
  /** Why this one is shown. */
  readonly title: string;
  readonly benchmark: string;
  readonly prompt: Prompt;
  readonly text: string;
  readonly trace: Trace;
  readonly verdicts: Verdicts;
  readonly reward: Reward | null;
  /** Frames that the model saw, as data URIs. */
  readonly frames: readonly string[];
  /** The gate stops at the first answer; of a trained switch: the reply does not think. */
  readonly exits: boolean;
  /** The reply has one answer, and the model chose by itself whether to think. */
  readonly chosen: boolean;
}

/** Every number and picture of a report; the HTML page and the Markdown file are two renderings of it. */
export interface ReportData {
  readonly run: string;
  /** The model itself chooses whether to think: there is no gate, no threshold and no frontier. */
  readonly choosesItself: boolean;
  readonly startedAt: string;
  /** What the recipe says, as label and value. */
  readonly recipe: readonly (readonly [string, string])[];
  readonly environment: readonly (readonly [string, string])[];
  /** Prompts by set, rollouts and failures of the whole run. */
  readonly counts: {
    readonly prompts: Readonly<Record<string, number>>;
    readonly rollouts: number;
    readonly failures: number;
    readonly lost: number;
  };
  readonly filter: {
    readonly rollouts: number;
    /** Whether every prompt has all its rollouts. */
    readonly exact: boolean;
    /** Prompts by number of right rollouts, from 0 to `rollouts`; not exact: never right, mixed, always right. */
    readonly histogram: readonly number[];
    /** Rollouts that were not needed. */
    readonly saved: number;
    readonly keep: number;
    readonly drop: number;
    readonly unknown: number;
  } | null;
  readonly training: {
    readonly points: readonly { readonly step: number; readonly reward: number }[];
    /** Means over the first and the last fifth of the steps. */
    readonly rewardFirst: number;
    readonly rewardLast: number;
  } | null;
  /** Confidence from which the gate stops: chosen by the sweep, or the recipe's. */
  readonly threshold: number;
  readonly table: readonly TableRow[];
  readonly gains: readonly Gain[];
  /** All benchmarks together first, then each. */
  readonly frontiers: readonly Frontier[];
  /** Null when the sweep made none. */
  readonly live: LiveCheck | null;
  readonly traces: readonly TraceSample[];
  readonly warnings: readonly string[];
}
