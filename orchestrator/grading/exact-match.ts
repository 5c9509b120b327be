import type { Prompt, Verdict } from '../records/index.js';
import { readChoice } from './choice.js';
import { folded, readable } from './plain-text.js';
import { graded, UNPARSED } from './verdict.js';

/** Words that mean yes or no where the gold answer is one of them. */
const YES_NO: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'y', 'true', 't', 'ok', 'okay', 'correct', 'yeah', 'yep'].map((word) => [word, true] as const),
  ...['no', 'n', 'false', 'f', 'incorrect', 'nope'].map((word) => [word, false] as const),
]);

/** Multiple choice when the prompt has options or its gold is a single letter; a text otherwise. */
export function gradeExact(prompt: Pick<Prompt, 'answer' | 'options'>, text: string): Verdict {
  const options = prompt.options?.length ? prompt.options : undefined;
  if (options || /^[A-Za-z]$/.test(readable(prompt.answer))) {
    const gold = readChoice(prompt.answer, options);
    const choice = readChoice(text, options);
    return choice === null ? UNPARSED : graded(choice === gold, choice);
  }
  return gradeText(prompt.answer, text);
}

/** Texts are equal without regard to case, white space, wrappers and the closing full stop; yes and no in all their spellings. */
function gradeText(gold: string, text: string): Verdict {
  const [wanted, given] = [folded(gold), answerText(text)];
  if (given === '') return UNPARSED;
  const truth = YES_NO.get(wanted);
  return graded(given === wanted || (truth !== undefined && YES_NO.get(given) === truth), given);
}

function answerText(text: string): string {
  return folded(readable(text).replace(/^(?:(?:the\s+)?(?:final\s+)?answer\s*(?:is\b\s*:?|:))\s*(?=\S)/i, ''));
}
