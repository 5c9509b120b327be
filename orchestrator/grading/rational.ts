import type { Decimal } from './decimal.js';

/** A quotient of whole numbers, not reduced; the denominator is not 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** `\frac{1}{2}`, `-\frac{3}{4}`, `\frac{-3}{4}`, `1/2`; numbers are short enough to multiply at once. */
const FRACTION = /^(-?)\s*(?:\\frac\s*\{\s*(-?\d{1,30})\s*\}\s*\{\s*(-?\d{1,30})\s*\}|(\d{1,30})\s*\/\s*(\d{1,30}))$/;
const MOST_ZEROS = 30;

/** Reads a fraction of whole numbers; null for anything else, a zero denominator too. */
export function parseFraction(text: string): Rational | null {
  const match = FRACTION.exec(text);
  if (match === null) return null;
  const denominator = BigInt(match[3] ?? match[5] ?? 0);
  const numerator = BigInt(match[2] ?? match[4] ?? 0);
  return denominator === 0n ? null : { numerator: match[1] === '-' ? -numerator : numerator, denominator };
}

/** A whole number as a quotient; null for one with decimals or too many zeros. */
export function wholeNumber({ negative, digits, exponent }: Decimal): Rational | null {
  if (exponent < 0 || exponent > MOST_ZEROS || digits.length > MOST_ZEROS) return null;
  const numerator = BigInt(digits) * 10n ** BigInt(exponent);
  return { numerator: negative ? -numerator : numerator, denominator: 1n };
}

export function equalRationals(a: Rational, b: Rational): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}
