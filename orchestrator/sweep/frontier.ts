import { comparable, exitsAt } from '../answer/index.js';
import { needsThinking, type SweepRow } from './input.js';

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
  /** Of the questions that need thinking (first answer wrong, second right), the share that thinks; null without any. */
  readonly thinkRecall: number | null;
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
  const [sums, changes] = [startOf(rows), changesOf(rows)];
  rows.forEach(({ confidence }, index) => {
    if (exitsAt(confidence, threshold)) exit(sums, changes, index);
  });
  return toPoint(sums, rows.length, threshold);
}

interface Sums {
  value: number;
  tokens: number;
  exited: number;
  exitValue: number;
  /** Questions that need thinking, and how many of them do not get it. */
  needy: number;
  missed: number;
}

function pointsOf(rows: readonly SweepRow[]): FrontierPoint[] {
  const confidences = Float64Array.from(rows, ({ confidence }) => confidence ?? Number.NaN);
  const keys = confidences.map(comparable);
  const [sums, changes] = [startOf(rows), changesOf(rows)];
  const points = [toPoint(sums, rows.length, ALWAYS_THINK)];
  let threshold = ALWAYS_THINK;
  exitOrder(keys).forEach((index, place, order) => {
    exit(sums, changes, index);
    threshold = Math.min(threshold, confidences[index] ?? threshold);
    // Rows that the gate cannot tell apart exit together, at the lowest of their confidences.
    const next = order[place + 1];
    if (next === undefined || keys[next] !== keys[index]) points.push(toPoint(sums, rows.length, threshold));
  });
  return points;
}

/** Indices of the rows that have a key, the highest key first. */
function exitOrder(keys: Float64Array): Uint32Array {
  const order = new Uint32Array(keys.length);
  let size = 0;
  keys.forEach((key, index) => {
    if (!Number.isNaN(key)) order[size++] = index;
  });
  // A confidence of 0 has the key -Infinity, and the difference of two of these is NaN: the order of the rows decides.
  return order.subarray(0, size).sort((a, b) => (keys[b] ?? 0) - (keys[a] ?? 0) || a - b);
}

/** Everything thinks. */
function startOf(rows: readonly SweepRow[]): Sums {
  const sums = { value: 0, tokens: 0, exited: 0, exitValue: 0, needy: 0, missed: 0 };
  for (const row of rows) {
    sums.value += row.second.value;
    sums.tokens += row.second.tokens;
    sums.needy += Number(needsThinking(row));
  }
  return sums;
}

const FIELDS = 4;

/**
 * What the sums change by when a row exits, one row behind the other: rows exit in the order of their confidence, and
 * reading the rows themselves in that order takes most of the time, waiting for memory.
 */
function changesOf(rows: readonly SweepRow[]): Float64Array {
  const changes = new Float64Array(FIELDS * rows.length);
  rows.forEach((row, index) => {
    const { first, second } = row;
    changes[FIELDS * index] = first.value - second.value;
    changes[FIELDS * index + 1] = first.tokens - second.tokens;
    changes[FIELDS * index + 2] = first.value;
    changes[FIELDS * index + 3] = Number(needsThinking(row));
  });
  return changes;
}

/** One row stops at its first answer. */
function exit(sums: Sums, changes: Float64Array, index: number): void {
  sums.value += changes[FIELDS * index] ?? 0;
  sums.tokens += changes[FIELDS * index + 1] ?? 0;
  sums.exitValue += changes[FIELDS * index + 2] ?? 0;
  sums.missed += changes[FIELDS * index + 3] ?? 0;
  sums.exited += 1;
}

function toPoint(sums: Sums, n: number, threshold: number): FrontierPoint {
  const { value, tokens, exited, exitValue, needy, missed } = sums;
  return {
    threshold,
    accuracy: value / n,
    thinkRatio: 1 - exited / n,
    meanTokens: tokens / n,
    exitAccuracy: exited === 0 ? null : exitValue / exited,
    thinkRecall: needy === 0 ? null : 1 - missed / needy,
  };
}

function policyPoint(rows: readonly SweepRow[], answer: 'first' | 'second'): PolicyPoint {
  const mean = (pick: (row: SweepRow) => number) =>
    rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + pick(row), 0) / rows.length;
  return { accuracy: mean((row) => row[answer].value), meanTokens: mean((row) => row[answer].tokens) };
}
