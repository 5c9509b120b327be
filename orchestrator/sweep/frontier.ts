import { comparable, exitsAt } from '../answer/index.js';
import type { SweepRow } from './input.js';

/** What a threshold costs and brings. */
export interface FrontierPoint {
  /** τ: the first answer is taken when its confidence is at least this. */
  readonly threshold: number;
  /** Mean value of the answers taken. */
  readonly accuracy: number;
  /** Share of the questions that go on to think. */
  readonly thinkRatio: number;
  readonly meanTokens: number;
  /** Mean value of the first answers taken; null when none is. */
  readonly exitAccuracy: number | null;
}

/** A policy without a threshold. */
export type PolicyPoint = Pick<FrontierPoint, 'accuracy' | 'meanTokens'>;

export interface Frontier {
  readonly n: number;
  /** From the threshold that never exits down to the one at which every first answer with a confidence is taken. */
  readonly points: readonly FrontierPoint[];
  /** Never think: every first answer. */
  readonly never: PolicyPoint;
  /** Always think: every second answer. */
  readonly always: PolicyPoint;
}

/** Above every confidence: at this threshold every question thinks. */
export const ALWAYS_THINK = 1.000001;

/**
 * The exact frontier: one point for each distinct confidence, found by one sort (n log n). Between two neighbouring
 * points no threshold does anything else. Equal confidences (as the gate compares them) move together; a row without
 * confidence always thinks.
 */
export function frontier(rows: readonly SweepRow[]): Frontier {
  const always = policyPoint(rows, 'second');
  const never = policyPoint(rows, 'first');
  if (rows.length === 0) return { n: 0, points: [], never, always };
  return { n: rows.length, points: pointsOf(rows), never, always };
}

/** The point of one threshold, recomputed from the rows: what a held-out half says of a τ chosen on the other. */
export function pointAt(rows: readonly SweepRow[], threshold: number): FrontierPoint {
  const sums = startOf(rows);
  for (const row of rows) if (exitsAt(row.confidence, threshold)) exit(sums, row);
  return toPoint(sums, rows.length, threshold);
}

interface Sums {
  value: number;
  tokens: number;
  exited: number;
  exitValue: number;
}

/** The rows that begin to exit at one threshold, together. */
interface Step {
  readonly rows: SweepRow[];
  threshold: number;
}

function pointsOf(rows: readonly SweepRow[]): FrontierPoint[] {
  const sums = startOf(rows);
  const points = [toPoint(sums, rows.length, ALWAYS_THINK)];
  const steps = stepsOf(rows);
  for (const confidence of Float64Array.from(steps.keys()).sort().reverse()) {
    const step = steps.get(confidence);
    if (step === undefined) continue;
    for (const row of step.rows) exit(sums, row);
    points.push(toPoint(sums, rows.length, step.threshold));
  }
  return points;
}

/** Rows by their confidence as the gate compares it; the threshold of a step is the lowest confidence in it. */
function stepsOf(rows: readonly SweepRow[]): Map<number, Step> {
  const steps = new Map<number, Step>();
  for (const row of rows) {
    if (row.confidence === null) continue;
    const key = comparable(row.confidence);
    const step = steps.get(key);
    if (step === undefined) steps.set(key, { rows: [row], threshold: row.confidence });
    else {
      step.rows.push(row);
      step.threshold = Math.min(step.threshold, row.confidence);
    }
  }
  return steps;
}

/** Everything thinks. */
function startOf(rows: readonly SweepRow[]): Sums {
  const sums = { value: 0, tokens: 0, exited: 0, exitValue: 0 };
  for (const { second } of rows) {
    sums.value += second.value;
    sums.tokens += second.tokens;
  }
  return sums;
}

/** One row stops at its first answer. */
function exit(sums: Sums, { first, second }: SweepRow): void {
  sums.value += first.value - second.value;
  sums.tokens += first.tokens - second.tokens;
  sums.exited += 1;
  sums.exitValue += first.value;
}

function toPoint({ value, tokens, exited, exitValue }: Sums, n: number, threshold: number): FrontierPoint {
  return {
    threshold,
    accuracy: value / n,
    thinkRatio: 1 - exited / n,
    meanTokens: tokens / n,
    exitAccuracy: exited === 0 ? null : exitValue / exited,
  };
}

function policyPoint(rows: readonly SweepRow[], answer: 'first' | 'second'): PolicyPoint {
  const mean = (pick: (row: SweepRow) => number) =>
    rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
  return { accuracy: mean((row) => row[answer].value), meanTokens: mean((row) => row[answer].tokens) };
}
