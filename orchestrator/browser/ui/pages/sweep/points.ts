import { comparable } from '../../../../answer/confidence.js';
import type { FrontierPointView, SweepCurve } from '../../../api/index.js';

type Points = readonly FrontierPointView[];

/** Points of a curve are thinned to this many: between two of them there may be others. */
const THINNED = 2000;

/**
 * Place of the point that holds at a threshold: the last of the falling thresholds that is not below it, compared as
 * the gate compares them. Between two points nothing changes, so nothing is interpolated.
 */
export function placeAt(points: Points, threshold: number): number {
  const least = comparable(threshold);
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparable(points[middle]?.threshold ?? 0) >= least) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export function pointAt(points: Points, threshold: number): FrontierPointView | null {
  return points[placeAt(points, threshold)] ?? null;
}

/** The point whose place on the curve is nearest to (tokens, accuracy); tokens count first, accuracy between equals. */
export function nearest(points: Points, meanTokens: number, accuracy: number): FrontierPointView | null {
  const distance = (point: FrontierPointView) => Math.abs(point.meanTokens - meanTokens);
  return points.reduce<FrontierPointView | null>((best, point) => {
    if (best === null) return point;
    const [one, other] = [distance(point), distance(best)];
    if (Math.abs(one - other) > 1e-9) return one < other ? point : best;
    return Math.abs(point.accuracy - accuracy) < Math.abs(best.accuracy - accuracy) ? point : best;
  }, null);
}

/** The 95% interval of the accuracy; intervals stand at up to 200 of the points, `exact` says whether at this one. */
export function intervalAt({ bands }: Pick<SweepCurve, 'bands'>, threshold: number) {
  const gap = (band: SweepCurve['bands'][number]) => Math.abs(band.threshold - threshold);
  const [first, ...rest] = bands;
  if (!first) return null;
  const band = rest.reduce((best, each) => (gap(each) < gap(best) ? each : best), first);
  return { ...band.accuracy, exact: band.threshold === threshold };
}

/** A threshold for a recipe, which is above 0: as few decimals, at least four, as leave every question where it is. */
export function recipeThreshold(points: Points, threshold: number): string {
  if (points.length >= THINNED) return String(threshold);
  const place = placeAt(points, threshold);
  const fits = (text: string) => Number(text) > 0 && placeAt(points, Number(text)) === place;
  const rounded = threshold.toFixed(4);
  if (fits(rounded)) return rounded;
  // Rounded up, the question at this very threshold would think.
  for (let digits = 5; digits < 16; digits += 1) {
    const text = (Math.floor(threshold * 10 ** digits) / 10 ** digits).toFixed(digits);
    if (fits(text)) return text;
  }
  return String(threshold);
}

/** "0.9746"; above every confidence, "1". */
export function thresholdText(threshold: number): string {
  return threshold > 1 ? '>1' : threshold.toFixed(4);
}

/** What a recipe is to say; above every confidence, where a threshold cannot be, that it always thinks. */
export function recipeLine(points: Points, threshold: number): string {
  const text = recipeThreshold(points, threshold);
  return Number(text) > 1 ? 'evaluate: {policies: [always]}' : `evaluate: {threshold: ${text}}`;
}
