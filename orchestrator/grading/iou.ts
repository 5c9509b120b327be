import type { Prompt, Span, Verdict } from '../records/index.js';
import { bestIou, parseSpan } from './temporal-iou.js';
import { UNPARSED } from './verdict.js';

/** Temporal grounding: the value is the IoU with the best gold span; right from the threshold on. */
export function gradeIou(prompt: Pick<Prompt, 'spans'>, text: string, correctThreshold: number): Verdict {
  const parsed = parseSpan(text);
  if (parsed === null) return UNPARSED;
  const value = bestIou(parsed.span, prompt.spans ?? []);
  const note = parsed.swapped ? ' (ends swapped)' : '';
  return { value, correct: value >= correctThreshold, state: 'graded', normalised: spanText(parsed.span) + note };
}

export function spanText([start, end]: Span): string {
  return `[${start}, ${end}]`;
}
