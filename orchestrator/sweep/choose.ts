import type { FrontierPoint } from './frontier.js';

/**
 * fewest-tokens: the cheapest threshold whose accuracy is within the tolerance of the best one.
 * max-accuracy: the best accuracy, the cheapest of those that have it.
 * token-budget: the best accuracy that the budget of mean tokens allows.
 */
export const rules = ['fewest-tokens', 'max-accuracy', 'token-budget'] as const;
export type Rule = (typeof rules)[number];

export interface ChooseOptions {
  /** Accuracy that fewest-tokens may give up, as a share. */
  readonly tolerance?: number | undefined;
  /** Mean generated tokens that token-budget may spend. */
  readonly budget?: number | undefined;
}

/** Sums over the same rows in another order differ in their last bits. */
const EQUAL = 1e-12;

/**
 * The point that a rule chooses; null when there is none to choose from. When the budget is too small for every point
 * the cheapest one is taken. Between equals the higher threshold, which exits less on what it has not seen.
 */
export function chooseThreshold(
  points: readonly FrontierPoint[],
  rule: Rule,
  options: ChooseOptions = {},
): FrontierPoint | null {
  const [goal, then] = rule === 'fewest-tokens' ? [cheaper, better] : [better, cheaper];
  const order = (a: FrontierPoint, b: FrontierPoint) => goal(a, b) || then(a, b) || b.threshold - a.threshold;
  return candidates(points, rule, options).reduce<FrontierPoint | null>(
    (best, point) => (best === null || order(point, best) < 0 ? point : best),
    null,
  );
}

function candidates(
  points: readonly FrontierPoint[],
  rule: Rule,
  { tolerance = 0, budget = Infinity }: ChooseOptions,
): readonly FrontierPoint[] {
  if (rule === 'max-accuracy' || points.length === 0) return points;
  if (rule === 'fewest-tokens') {
    const best = points.reduce((highest, { accuracy }) => Math.max(highest, accuracy), -Infinity);
    return points.filter(({ accuracy }) => accuracy >= best - tolerance - EQUAL);
  }
  const cheapest = points.reduce((lowest, { meanTokens }) => Math.min(lowest, meanTokens), Infinity);
  return points.filter(({ meanTokens }) => meanTokens <= Math.max(budget, cheapest) + EQUAL);
}

function cheaper(a: FrontierPoint, b: FrontierPoint): number {
  return order(a.meanTokens, b.meanTokens);
}

function better(a: FrontierPoint, b: FrontierPoint): number {
  return order(b.accuracy, a.accuracy);
}

function order(a: number, b: number): number {
  return Math.abs(a - b) <= EQUAL * Math.max(1, Math.abs(a)) ? 0 : a - b;
}
