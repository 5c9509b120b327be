import type { Verdict } from '../records/index.js';
import { atLeastOne, equalDecimals, hundredth } from './decimal.js';
import { type MathText, readMath } from './math-text.js';
import { equalRationals, parseFraction, type Rational, wholeNumber } from './rational.js';
import { failed, graded, UNPARSED } from './verdict.js';

/** A pair for math-verify: LaTeX without delimiters, as `compareMath` brings it into form. */
export interface MathItem {
  readonly gold: string;
  readonly answer: string;
}

export interface MathResult {
  /** Null when the state is timeout or error. */
  readonly equal: boolean | null;
  readonly state: Verdict['state'];
  readonly normalised: string | null;
}

/** Asks math-verify; one result per item, in order. Rejects only when no item could be asked. */
export type MathVerifier = (items: MathItem[]) => Promise<MathResult[]>;

/** A comparison: decided here, or by what math-verify says of the pairs (one equal pair is enough). */
export type Comparison = { readonly verdict: Verdict } | { readonly pairs: readonly MathItem[] };

/** Nothing that long is an answer; it is not worth the verifier's time. */
const MOST_CHARACTERS = 1000;

/**
 * Compares as far as no algebra is needed: plain numbers and fractions exactly, units, percent, words, the
 * same text twice.
 * Everything else becomes pairs for math-verify. The rules are in docs/grading.md.
 */
export function compareMath(gold: string, answer: string): Comparison {
  if (answer.length > MOST_CHARACTERS) return { verdict: UNPARSED };
  const [wanted, given] = [readMath(gold), readMath(answer)];
  const decided = decide(wanted, given);
  return decided ? { verdict: decided } : { pairs: pairsOf(wanted, given) };
}

/** The LaTeX that math-verify has to read of an answer; null when it is a number, a fraction or words, which need no algebra. */
export function algebraOf(answer: string): string | null {
  const read = readMath(answer);
  return read.prose || rationalOf(read) || read.decimal ? null : read.body;
}

function decide(wanted: MathText, given: MathText): Verdict | null {
  const text = mathText(given);
  if (given.body === '') return UNPARSED;
  if (given.alternatives && !wanted.alternatives) return graded(false, text);
  // A missing unit or name contradicts nothing; two different ones do.
  if (differ(wanted.unit, given.unit) || differ(wanted.name, given.name)) return graded(false, text);
  const samePercent = wanted.percent === given.percent;
  if (samePercent && sameText(wanted.body, given.body)) return graded(true, text);
  if (given.prose) return wanted.prose ? graded(false, text) : UNPARSED;
  if (wanted.prose) return graded(false, text);
  if (!wanted.decimal || !given.decimal) return samePercent ? decideFractions(wanted, given, text) : null;
  if (samePercent) return graded(equalDecimals(wanted.decimal, given.decimal), text);
  const [number, percentage] = given.percent ? [wanted.decimal, given.decimal] : [given.decimal, wanted.decimal];
  // 0.5 and 50 both mean 50 %; below 1 % only the fraction does.
  const asNumber = atLeastOne(percentage) && equalDecimals(number, percentage);
  return graded(asNumber || equalDecimals(number, hundredth(percentage)), text);
}

/** Fractions of whole numbers need no algebra; where one side has decimals, math-verify knows how they round. */
function decideFractions(wanted: MathText, given: MathText, text: string): Verdict | null {
  const [gold, answer] = [rationalOf(wanted), rationalOf(given)];
  return gold && answer ? graded(equalRationals(gold, answer), text) : null;
}

function rationalOf({ body, decimal }: MathText): Rational | null {
  return decimal ? wholeNumber(decimal) : parseFraction(body);
}

function pairsOf(wanted: MathText, given: MathText): MathItem[] {
  const plain = { gold: wanted.body, answer: given.body };
  if (wanted.percent === given.percent) return [plain];
  const hundredths = (body: string) => `\\frac{${body}}{100}`;
  return [
    plain,
    given.percent
      ? { gold: wanted.body, answer: hundredths(given.body) }
      : { gold: hundredths(wanted.body), answer: given.body },
  ];
}

/** The verdict from the results of a comparison's pairs. */
export function verdictOf(results: readonly (MathResult | undefined)[]): Verdict {
  const equal = results.find((result) => result?.equal === true);
  if (equal) return graded(true, equal.normalised);
  const open = results.find((result) => result === undefined || result.equal === null);
  if (open?.state === 'timeout') return failed('timeout', open.normalised);
  if (results.length === 0 || results.some((result) => result === undefined || result.equal === null))
    return failed('error', open?.normalised ?? null);
  if (results.every((result) => result?.state === 'unparsed')) return UNPARSED;
  return graded(false, results.find((result) => result?.normalised)?.normalised ?? null);
}

function differ(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== b;
}

function sameText(a: string, b: string): boolean {
  return a.replaceAll(' ', '') === b.replaceAll(' ', '');
}

function mathText({ body, unit, percent }: MathText): string {
  return `${body}${percent ? '%' : ''}${unit === null ? '' : ` ${unit}`}`;
}
