import type { Estimate } from '../../../api/index.js';
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
  return low === null || high === null ? NONE : `${endText(factor * low)} to ${endText(factor * high)}`;
}

/** An end that is not 0 does not read as 0, which would contradict the words. */
function endText(value: number): string {
  const digits = [1, 2, 3].find((each) => value === 0 || Number(value.toFixed(each)) !== 0);
  return signed(value, digits ?? 3);
}

/** "0.032", "<0.001". */
export function pText(value: number): string {
  return value < 0.001 ? '<0.001' : value.toFixed(3);
}
