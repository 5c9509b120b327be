/** Index of the first token and behind the last token of a box. */
export interface TokenRange {
  readonly tokenStart: number;
  readonly tokenEnd: number;
}

/**
 * The tokens of a box: those that hold at least one character of its trimmed content, so a token that straddles a
 * brace (`{A`, `A}`) counts and one that is brace or white space only does not. A token without characters of its own
 * (the first bytes of a character that a later token completes) counts when it stands before a character of the content.
 *
 * `ends[i]` is the end of token i in the text, in UTF-16 code units. An empty content has no tokens.
 */
export function tokensWithin(charStart: number, charEnd: number, ends: readonly number[]): TokenRange {
  // The token that ends exactly where the content begins lies before it; further ones that end there have no width.
  const before = firstIndex(ends, charStart);
  const tokenStart = charStart > 0 && ends[before] === charStart ? before + 1 : before;
  if (charStart >= charEnd) return { tokenStart, tokenEnd: tokenStart };
  const last = firstIndex(ends, charEnd);
  return { tokenStart, tokenEnd: Math.max(tokenStart, Math.min(last + 1, ends.length)) };
}

/** Tokens needed to reach the character offset, the token that crosses it included. */
export function tokensUpTo(charEnd: number, ends: readonly number[]): number {
  return charEnd <= 0 ? 0 : Math.min(firstIndex(ends, charEnd) + 1, ends.length);
}

/** Index of the first token that ends at `offset` or behind it; `ends` never falls. */
function firstIndex(ends: readonly number[], offset: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) >= offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * exp(mean log-probability) of a box's tokens: the geometric mean of their probabilities (paper, section 3.3).
 * Null when there are none, or when a log-probability is missing or no number.
 */
export function confidenceOf({ tokenStart, tokenEnd }: TokenRange, logprobs: readonly number[]): number | null {
  const inside = logprobs.slice(tokenStart, tokenEnd);
  if (inside.length === 0 || inside.length < tokenEnd - tokenStart) return null;
  const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
  return Number.isNaN(mean) ? null : Math.exp(mean);
}

/** Steps per unit of log-probability: float32 log-probs carry about 1e-8, so equal to a millionth is equal. */
const LOG_STEPS = 1e6;

/**
 * Confidence as it is compared: its logarithm in whole millionths. Rounding once, in log space, makes "exactly τ" mean
 * the same for a stored number, a float32 mean and a number typed by hand.
 */
export function comparable(confidence: number): number {
  return Math.round(Math.log(confidence) * LOG_STEPS);
}

/** Whether the gate stops at the first answer: confidence ≥ τ. Never without a confidence. */
export function exitsAt(confidence: number | null, threshold: number): boolean {
  return confidence !== null && comparable(confidence) >= comparable(threshold);
}
