import { decodeUtf8, incompleteTail, unitsBefore } from './utf8.js';

/**
 * End of each token in `text`, in UTF-16 code units: token i covers [ends[i-1] ?? 0, ends[i]). `tokens` are the bytes that
 * a server gives with its log-probs. The rule is that of python/vauto_worker/tokens.py: a special token covers nothing,
 * since the text leaves it out; of the tokens that share one character the last covers it.
 *
 * Servers differ in what they call the bytes of a part of a character: its true bytes, nothing (vLLM since 0.11), or U+FFFD
 * (vLLM before). So tokens are found in the text one after the other; where all bytes are true, the ends are exact.
 */
export function tokenEnds(tokens: readonly Uint8Array[], text: string): number[] {
  const found = walk(tokens, text);
  const exact = exactEnds(found.visible);
  const ends = exact.text === text ? exact.ends : found.ends;
  // What stands behind the last token that was found (an incomplete character, a cut stop text) belongs to the last token.
  if (ends.length > 0) ends[ends.length - 1] = text.length;
  return ends;
}

const NOTHING = new Uint8Array();

interface Walked {
  readonly ends: number[];
  /** The tokens' bytes, empty where the text leaves the token out. */
  readonly visible: readonly Uint8Array[];
}

/** Finds each token in the text behind the one before it. */
function walk(tokens: readonly Uint8Array[], text: string): Walked {
  const ends: number[] = [];
  const visible: Uint8Array[] = [];
  let position = 0;
  let pending: Uint8Array = NOTHING;
  let unreadable = 0;
  for (const bytes of tokens) {
    const joined = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    const complete = joined.length - incompleteTail(joined);
    const chars = decodeUtf8(joined.subarray(0, complete));
    const skipped = text.startsWith(chars, position) ? 0 : skipTo(chars, text, position, unreadable);
    if (skipped >= 0) {
      // The characters in between were made by the tokens before this one, which showed none.
      if (skipped > 0 && ends.length > 0) ends[ends.length - 1] = position + skipped;
      position += skipped + chars.length;
      pending = joined.subarray(complete);
      // No bytes at all: a part of a character, of which the server tells nothing.
      unreadable = joined.length === 0 ? unreadable + 1 : 0;
    } else if (chars.includes('\ufffd')) {
      unreadable += 1;
    }
    visible.push(skipped >= 0 ? bytes : NOTHING);
    ends.push(position);
  }
  return { ends, visible };
}

/** How far behind `position` the characters follow, when tokens before them showed only U+FFFD; -1 when they do not. */
function skipTo(chars: string, text: string, position: number, unreadable: number): number {
  if (unreadable === 0 || chars.includes('\ufffd')) return -1;
  // A token that shows no character of its own ends at most one character, of one or two code units.
  return text.slice(position, position + 2 * unreadable + chars.length).indexOf(chars);
}

/** Text and ends when the tokens' bytes are the text's. */
function exactEnds(tokens: readonly Uint8Array[]): { text: string; ends: number[] } {
  const bytes = Buffer.concat(tokens);
  const units = unitsBefore(bytes);
  let position = 0;
  const ends = tokens.map(({ length }) => {
    position += length;
    return units[position] ?? 0;
  });
  return { text: decodeUtf8(bytes), ends };
}
