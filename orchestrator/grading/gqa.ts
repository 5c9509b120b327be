import type { Prompt, Span, Verdict } from '../records/index.js';
import { readChoice } from './choice.js';
import { spanText } from './iou.js';
import { bestIou, parseSpan } from './temporal-iou.js';
import { UNPARSED } from './verdict.js';

/** What a grounded answer says: a letter and a time span, each null when it cannot be read. */
export interface GroundedAnswer {
  readonly letter: string | null;
  readonly span: Span | null;
}

/**
 * Reads `letter <> [start, end]`. Without `<>` only the span is read: where a letter ends and a span begins is not
 * guessed (strict reading). The two the wrong way round are two parts that cannot be read.
 */
export function parseGrounded(text: string, options?: readonly string[]): GroundedAnswer {
  const at = text.indexOf('<>');
  if (at < 0) return { letter: null, span: parseSpan(text)?.span ?? null };
  return { letter: readChoice(text.slice(0, at), options), span: parseSpan(text.slice(at + 2))?.span ?? null };
}

/** Whether the letter of a grounded answer is the gold one. */
export function isRightLetter(
  { letter }: GroundedAnswer,
  { answer, options }: Pick<Prompt, 'answer' | 'options'>,
): boolean {
  return letter !== null && letter === readChoice(answer, options);
}

/** Grounded question answering: 1 for the letter plus the IoU, 0 to 2; right needs the letter and an IoU from the threshold on. */
export function gradeGqa(
  prompt: Pick<Prompt, 'answer' | 'options' | 'spans'>,
  text: string,
  correctThreshold: number,
): Verdict {
  const given = parseGrounded(text, prompt.options);
  if (given.letter === null && given.span === null) return UNPARSED;
  const right = isRightLetter(given, prompt);
  const iou = given.span === null ? 0 : bestIou(given.span, prompt.spans ?? []);
  return {
    value: Number(right) + iou,
    correct: right && iou >= correctThreshold,
    state: 'graded',
    normalised: `${given.letter ?? '?'} <> ${given.span === null ? '?' : spanText(given.span)}`,
  };
}
