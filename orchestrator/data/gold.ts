import { z } from 'zod';
import { type ProblemType, type Span, spanSchema } from '../records/index.js';

/** A gold answer in the one form that grading reads: a letter or text or number, and spans in seconds. */
export interface Gold {
  readonly answer: string;
  readonly spans?: Span[];
}

/** Why a gold answer or its options cannot be used. */
export interface GoldProblem {
  readonly code: 'bad-answer' | 'bad-options';
  readonly problem: string;
  readonly fix?: string;
}

const MOST_OPTIONS = 26;

/** Option texts as they are shown, without letters that the row had already put before them. */
export function normaliseOptions(given: readonly (string | number)[]): string[] | GoldProblem {
  const options = lettersTakenOff(given.map((option) => String(option).trim()));
  if (options.length < 2 || options.length > MOST_OPTIONS) {
    return { code: 'bad-options', problem: `${options.length} options; 2 to ${MOST_OPTIONS} are allowed` };
  }
  if (options.some((option) => option === '')) return { code: 'bad-options', problem: 'one option is empty' };
  const twice = options.find((option, index) => options.findIndex((other) => fold(other) === fold(option)) !== index);
  if (twice !== undefined) return { code: 'bad-options', problem: `the option "${twice}" stands there twice` };
  return options;
}

/** Only when every option carries its own letter: "A. red", "(B) blue"; a text such as "A. Smith" alone is no lettering. */
export function lettersTakenOff(texts: readonly string[]): string[] {
  const bare = texts.map((text, index) => withoutLetter(text, index));
  return bare.every((text) => text !== undefined) ? bare : [...texts];
}

function withoutLetter(text: string, index: number): string | undefined {
  const match = /^\(?([A-Z])[).:]\s+(.+)$/s.exec(text);
  return match?.[1] === letterOf(index) ? match[2] : undefined;
}

/** Brings a row's answer into the form of its problem type, or says why it has none. */
export function normaliseGold(
  problemType: ProblemType,
  answer: unknown,
  options: readonly string[] | undefined,
): Gold | GoldProblem {
  if (answer === undefined || answer === null || answer === '') return wrong('the row has no answer');
  if (options !== undefined && (problemType === 'math' || problemType === 'iou')) {
    return {
      code: 'bad-options',
      problem: `${problemType} takes no options`,
      fix: 'use problem_type exact_match, or gqa with a time span',
    };
  }
  if (problemType === 'iou') return spansOf(answer);
  if (problemType === 'gqa') return groundedAnswer(answer, options);
  return textAnswer(answer, options);
}

function textAnswer(answer: unknown, options: readonly string[] | undefined): Gold | GoldProblem {
  if (typeof answer !== 'string' && typeof answer !== 'number')
    return wrong(`the answer is ${JSON.stringify(answer)}; a text or a number is needed`);
  const text = String(answer).trim();
  if (text === '') return wrong('the answer is empty');
  return options === undefined ? { answer: text } : optionAnswer(text, options);
}

/** The letter of the gold option, given as a letter, as its text, or as both ("B. blue"). */
function optionAnswer(text: string, options: readonly string[]): Gold | GoldProblem {
  const letter = /^\(?([A-Za-z])[).:]?$/.exec(text)?.[1]?.toUpperCase();
  const byLetter = letter !== undefined && letter <= letterOf(options.length - 1) ? letter : undefined;
  const place = options.findIndex((option) => fold(option) === fold(text));
  const byText = place === -1 ? undefined : letterOf(place);
  if (byLetter !== undefined && byText !== undefined && byLetter !== byText) {
    return wrong(
      `"${text}" is both the letter ${byLetter} and the text of option ${byText}`,
      'write the letter of the right option and other texts',
    );
  }
  const found = byLetter ?? byText ?? letteredText(text, options);
  if (found !== undefined) return { answer: found };
  return wrong(`"${text}" is no letter from A to ${letterOf(options.length - 1)} and not the text of an option`);
}

function letteredText(text: string, options: readonly string[]): string | undefined {
  const place = options.findIndex((option, index) => fold(withoutLetter(text, index) ?? '') === fold(option));
  return place === -1 ? undefined : letterOf(place);
}

const groundedSchema = z.object({ answer: z.unknown().optional(), segment: z.unknown().optional() });

function groundedAnswer(value: unknown, options: readonly string[] | undefined): Gold | GoldProblem {
  if (options === undefined)
    return { code: 'bad-options', problem: 'gqa needs options, whose letter is half of the answer' };
  const parsed = groundedSchema.safeParse(value);
  const form = 'write {"answer": "B", "segment": [2.0, 4.5]}';
  if (!parsed.success || parsed.data.answer === undefined)
    return wrong('a gqa answer is a letter and a time span', form);
  const letter = textAnswer(parsed.data.answer, options);
  const spans = spansOf(parsed.data.segment);
  if ('problem' in letter) return letter;
  return 'problem' in spans
    ? { ...spans, fix: form }
    : { answer: letter.answer, ...(spans.spans ? { spans: spans.spans } : {}) };
}

/** `[s, e]` or `[[s, e], …]`. */
function spansOf(value: unknown): Gold | GoldProblem {
  const one = spanSchema.safeParse(value);
  const many = z.array(spanSchema).min(1).safeParse(value);
  const spans = one.success ? [one.data] : many.success ? many.data : undefined;
  if (spans === undefined)
    return wrong(
      `the time span is ${JSON.stringify(value) ?? 'missing'}`,
      'write [start, end] in seconds, or a list of such pairs',
    );
  const bad = spans.find(([start, end]) => start < 0 || start >= end);
  if (bad) return wrong(`the time span [${bad.join(', ')}] must begin at 0 or later and end after its start`);
  return { answer: '', spans };
}

function wrong(problem: string, fix?: string): GoldProblem {
  return { code: 'bad-answer', problem, ...(fix === undefined ? {} : { fix }) };
}

function letterOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function fold(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').toLowerCase();
}
