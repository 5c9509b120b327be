import { folded, readable } from './plain-text.js';

/** "The best answer is:", "Option", "Final answer:" before the answer itself. */
const LEAD_IN =
  /^(?:(?:so|therefore|thus),?\s+)?(?:(?:the|my)\s+)?(?:(?:final|best|correct|right|most likely)\s+)*(?:answer|option|choice)\b\s*(?:is\b)?\s*[:=-]?\s*(?=\S)/i;

/** A letter that is set apart: "(A)", "[A]", "{A}", "A)", "A.", "A:" or "A" alone. */
const LONE = /^[([{]?\s*([A-Za-z])\s*[)\]}]?\s*[.:,;]?$/;

/** "A", "(A)", "A.", "A)" */
const USUAL = /^\(?([A-Za-z])[).]?$/;

/** A letter with something behind it: "A. a dog", "(A) a dog", "A - a dog", "B because …". */
const LABELLED = /^(?:[([{]\s*([A-Z])\s*[)\]}]\s*[.:,;-]?|([A-Z])\s*[)\]}.:,;]|([A-Z])\s+[-–—])\s*(\S.*)$/s;
const REASONED = /^([A-Z]),?\s+(?:because|since|as it|is\s+(?:the\s+)?(?:correct|right|best|answer)\b)(.*)$/is;

const LOOSE = /^(?:([A-Z])\s|\(?([a-z])[).:])\s*(\S.*)$/s;

/** A capital letter that stands alone, as a choice does and a word does not. */
const CAPITAL = /(?<![\p{L}\p{N}'’.-])([A-Z])(?![\p{L}\p{N}'’-])/gu;

/**
 * The letter that an answer chooses, or null when it names none, several, or one that contradicts itself.
 *
 * Read as a choice: a letter set apart in any of the usual ways, the text of exactly one option, or a letter with its
 * option's text or a reason behind it. Words are never searched for letters: "Because of the C" chooses nothing.
 * `options` are the texts in order; without them any letter from A to Z is allowed and texts choose nothing.
 */
export function readChoice(text: string, options?: readonly string[]): string | null {
  // Nearly every answer is this; the general way below reads it the same.
  const usual = USUAL.exec(text)?.[1];
  if (usual !== undefined) return inRange(usual, options);
  const plain = readable(text);
  const answer = withoutLeadIn(plain);
  const lone = LONE.exec(answer)?.[1];
  if (lone !== undefined) return inRange(lone, options);
  return byText(plain, options) ?? byText(answer, options) ?? labelled(answer, options);
}

function withoutLeadIn(text: string): string {
  let result = text;
  // "The final answer: option B" has two of them.
  for (let round = 0; round < 2; round += 1) result = result.replace(LEAD_IN, '');
  return readable(result);
}

/** The letter of the one option with this text. */
function byText(text: string, options: readonly string[] = []): string | null {
  const places = options.flatMap((option, index) => (folded(option) === text.toLowerCase() ? [index] : []));
  return places.length === 1 ? letterAt(places[0] ?? 0) : null;
}

function labelled(answer: string, options?: readonly string[]): string | null {
  const match = LABELLED.exec(answer);
  const reasoned = REASONED.exec(answer);
  if (match) {
    const letter = inRange(match[1] ?? match[2] ?? match[3] ?? '', options);
    return letter !== null && agrees(letter, match[4] ?? '', options) ? letter : null;
  }
  if (reasoned) {
    const letter = inRange(reasoned[1] ?? '', options);
    return letter !== null && agrees(letter, reasoned[2] ?? '', options) ? letter : null;
  }
  // "A a dog", "a. a dog": without a sign between, or with a small letter, only the option's own text may follow.
  const loose = LOOSE.exec(answer);
  const letter = (loose?.[1] ?? loose?.[2] ?? '').toUpperCase();
  return loose && byText(readable(loose[3] ?? ''), options) === letter ? letter : null;
}

/** Whether what stands behind a letter leaves the choice as it is: it is no other option's text and names no other letter. */
function agrees(letter: string, rest: string, options?: readonly string[]): boolean {
  const text = readable(rest);
  const other = byText(text, options);
  if (other !== null) return other === letter;
  if (options?.some((option, index) => letterAt(index) === letter && folded(option) === text.toLowerCase()))
    return true;
  return [...text.matchAll(CAPITAL)].every(([, found = '']) => found === letter || inRange(found, options) === null);
}

function inRange(letter: string, options?: readonly string[]): string | null {
  const upper = letter.toUpperCase();
  if (upper.length !== 1 || upper < 'A' || upper > 'Z') return null;
  return options === undefined || options.length === 0 || upper <= letterAt(options.length - 1) ? upper : null;
}

function letterAt(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
