import { exitsAt } from '../answer/index.js';
import type { ExitRecord, Trace, Verdicts } from '../records/index.js';

/** A question answered both ways: a recorded full trace, and the engine stopping by itself. */
export interface LiveRow {
  readonly id: string;
  readonly benchmark: string;
  readonly recorded: Answered;
  readonly live: Answered & { readonly exit: ExitRecord | undefined };
}

interface Answered {
  readonly trace: Trace;
  readonly verdicts: Verdicts;
}

/** What a threshold does when the engine stops, beside what the recorded traces promise for the same questions. */
export interface LiveCheck {
  readonly threshold: number;
  readonly n: number;
  readonly predicted: LivePoint;
  readonly live: LivePoint;
  /** Questions with the same answer either way. */
  readonly same: number;
  /** The first of the others, for a look at them. */
  readonly different: readonly { readonly id: string; readonly benchmark: string }[];
  /** How the exits were made, with the number of completions. */
  readonly modes: Readonly<Record<string, number>>;
  /** Tokens generated after the decision to stop, over all exits. */
  readonly wastedTokens: number;
  /** Largest difference between the engine's confidence and the one computed from the recorded log-probabilities. */
  readonly confidenceError: number;
}

export interface LivePoint {
  readonly accuracy: number;
  readonly thinkRatio: number;
  readonly meanTokens: number;
}

const SHOWN = 10;

/** Compares row by row; null without rows. */
export function liveCheck(rows: readonly LiveRow[], threshold: number): LiveCheck | null {
  if (rows.length === 0) return null;
  const pairs = rows.map((row) => ({
    row,
    promised: outcomeOf(row.recorded, exitsAt(row.recorded.trace.confidence, threshold)),
    made: outcomeOf(row.live, row.live.exit?.exited ?? false),
  }));
  const different = pairs.filter(({ promised, made }) => promised.answer !== made.answer);
  const exits = rows.flatMap(({ live }) => (live.exit === undefined ? [] : [live.exit]));
  const modes: Record<string, number> = {};
  for (const { mode } of exits) modes[mode] = (modes[mode] ?? 0) + 1;
  return {
    threshold,
    n: rows.length,
    predicted: pointOf(pairs.map(({ promised }) => promised)),
    live: pointOf(pairs.map(({ made }) => made)),
    same: rows.length - different.length,
    different: different.slice(0, SHOWN).map(({ row: { id, benchmark } }) => ({ id, benchmark })),
    modes,
    wastedTokens: exits.reduce((sum, { wastedTokens }) => sum + wastedTokens, 0),
    confidenceError: rows.reduce((worst, row) => Math.max(worst, confidenceError(row)), 0),
  };
}

interface Outcome {
  readonly answer: string | null;
  readonly right: boolean;
  readonly exited: boolean;
  readonly tokens: number;
}

function outcomeOf({ trace, verdicts }: Answered, exited: boolean): Outcome {
  const place = exited ? 'first' : 'second';
  return {
    answer: trace[place]?.text ?? null,
    right: verdicts[place]?.correct ?? false,
    exited,
    tokens: exited ? trace.tokens.first : trace.tokens.total,
  };
}

function pointOf(outcomes: readonly Outcome[]): LivePoint {
  const mean = (pick: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + pick(outcome), 0) / outcomes.length;
  return {
    accuracy: mean(({ right }) => Number(right)),
    thinkRatio: mean(({ exited }) => Number(!exited)),
    meanTokens: mean(({ tokens }) => tokens),
  };
}

function confidenceError({ recorded, live }: LiveRow): number {
  const [computed, used] = [recorded.trace.confidence, live.exit?.confidence ?? null];
  return computed === null || used === null ? 0 : Math.abs(computed - used);
}
