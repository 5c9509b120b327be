import type { Estimate } from '../../../api-types.js';
import { NONE, signed } from '../../shared/format.js';

export type Sign = 'up' | 'down' | 'none' | 'unknown';

/** Which way a difference goes; only an interval without 0 shows one. */
export function signOf({ value, low, high }: Estimate): Sign {
  if (value === null || low === null || high === null) return 'unknown';
  if (low > 0) return 'up';
  return high < 0 ? 'down' : 'none';
}

const ACCURACY: Readonly<Record<Sign, string>> = {
  up: 'higher',
  down: 'lower',
  none: 'no difference shown',
  unknown: 'too little to tell',
};
const TOKENS: Readonly<Record<Sign, string>> = { ...ACCURACY, up: 'more', down: 'fewer' };

export const accuracyWord = (estimate: Estimate) => ACCURACY[signOf(estimate)];
export const tokensWord = (estimate: Estimate) => TOKENS[signOf(estimate)];

/** "−0.4 to +2.1"; `factor` 100 for points of percent. */
export function intervalText({ low, high }: Estimate, factor: number): string {
  return low === null || high === null ? NONE : `${signed(factor * low)} to ${signed(factor * high)}`;
}

/** "0.032", "<0.001". */
export function pText(value: number): string {
  return value < 0.001 ? '<0.001' : value.toFixed(3);
}
