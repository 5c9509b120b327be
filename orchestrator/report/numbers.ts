import type { Cost, Estimate } from './data.js';

/** "82.4%" of 0.824. */
export function percent(value: number | null, digits = 1): string {
  return value === null ? '–' : `${(100 * value).toFixed(digits)}%`;
}

/** "[77.1, 86.9]" of an interval of shares. */
export function interval(estimate: { readonly low: number | null; readonly high: number | null }): string {
  const { low, high } = estimate;
  const text = (value: number) => (100 * value).toFixed(1).replace('-', '−');
  return low === null || high === null ? '' : `[${text(low)}, ${text(high)}]`;
}

/** "+6.3" points of a gain of 0.063, with a true minus sign. */
export function signedPoints(value: number): string {
  const text = Math.abs(100 * value).toFixed(1);
  return Number(text) === 0 ? '0.0' : `${value > 0 ? '+' : '−'}${text}`;
}

export function estimateText(estimate: Estimate | null): string {
  return estimate === null ? '–' : `${percent(estimate.value)} ${interval(estimate)}`.trim();
}

export function fixed(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

/** What an answer costs; "8.8 → 44.3" where training is meant to change it. */
export function costText({ before, now }: Cost, digits: number, trained: boolean): string {
  return trained && before !== null ? `${fixed(before, digits)} → ${fixed(now, digits)}` : fixed(now, digits);
}

/** A threshold for people: as many digits as it needs, four at most; above 1 it means that nothing exits. */
export function thresholdText(value: number): string {
  return value > 1 ? 'above 1' : String(Number(value.toFixed(4)));
}
