import type { Prompt, Span, Trace, Verdict, Verdicts } from '../records/index.js';

export interface MathItem {
  readonly gold: string;
  readonly answer: string;
}
export interface MathResult {
  readonly equal: boolean | null;
  readonly state: Verdict['state'];
  readonly normalised: string | null;
}
export type MathVerifier = (items: MathItem[]) => Promise<MathResult[]>;

export interface GradeOptions {
  readonly verifyMath: MathVerifier;
  readonly correctThreshold: number;
}

const UNPARSED: Verdict = { value: 0, correct: false, state: 'unparsed', normalised: null };

export async function gradeMany(
  items: readonly { prompt: Prompt; trace: Trace }[],
  options: GradeOptions,
): Promise<Verdicts[]> {
  const pairs = new Map<string, MathItem>();
  const note = (prompt: Prompt, text: string | undefined) => {
    if (prompt.problemType === 'math' && text !== undefined && text !== '' && plain(text) === null)
      pairs.set(`${prompt.answer}\0${text}`, { gold: prompt.answer, answer: text });
  };
  for (const { prompt, trace } of items) {
    note(prompt, trace.first?.text);
    note(prompt, trace.second?.text);
  }
  const keys = [...pairs.keys()];
  const results = keys.length === 0 ? [] : await options.verifyMath([...pairs.values()]);
  const math = new Map(keys.map((key, index) => [key, results[index]]));
  return items.map(({ prompt, trace }) => ({
    first: gradeBox(prompt, trace.first?.text, math, options),
    second: gradeBox(prompt, trace.second?.text, math, options),
  }));
}

function gradeBox(
  prompt: Prompt,
  text: string | undefined,
  math: Map<string, MathResult | undefined>,
  options: GradeOptions,
): Verdict | null {
  if (text === undefined) return null;
  if (text === '') return UNPARSED;
  if (prompt.problemType === 'math') return gradeMath(prompt.answer, text, math);
  if (prompt.problemType === 'exact_match') return gradeExact(prompt, text);
  if (prompt.problemType === 'iou') return gradeIou(prompt, text, options.correctThreshold);
  return gradeGqa(prompt, text, options.correctThreshold);
}

function plain(text: string): number | null {
  return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}

function gradeMath(gold: string, text: string, math: Map<string, MathResult | undefined>): Verdict {
  const answer = plain(text);
  const target = plain(gold);
  if (answer !== null && target !== null) return graded(answer === target, String(answer));
  const result = math.get(`${gold}\0${text}`);
  if (!result)
    return answer !== null
      ? graded(false, String(answer))
      : { value: null, correct: null, state: 'error', normalised: null };
  if (result.state === 'unparsed') return UNPARSED;
  if (result.equal === null) return { value: null, correct: null, state: result.state, normalised: null };
  return graded(result.equal, result.normalised);
}

function graded(correct: boolean, normalised: string | null): Verdict {
  return { value: Number(correct), correct, state: 'graded', normalised };
}

function gradeExact(prompt: Prompt, text: string): Verdict {
  const answer = normaliseText(text);
  const gold = normaliseText(prompt.answer);
  if (!prompt.options) return graded(answer === gold, answer);
  const letter = letterOf(answer, prompt.options);
  return letter === null ? UNPARSED : graded(letter === gold.toUpperCase(), letter);
}

function normaliseText(text: string): string {
  return text
    .replace(/\\(text|mathrm|mathbf)\{([^{}]*)\}/g, '$2')
    .replace(/\*\*/g, '')
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '')
    .toLowerCase();
}

function letterOf(answer: string, options: readonly string[]): string | null {
  const byText = options.findIndex((option) => normaliseText(option) === answer);
  if (byText >= 0) return String.fromCharCode(65 + byText);
  const match = /^(?:answer:?|option)?\s*[([]?([a-z])[)\].:]?(?:\s+(.*))?$/i.exec(answer);
  if (!match?.[1]) return null;
  const index = match[1].toUpperCase().charCodeAt(0) - 65;
  if (index >= options.length) return null;
  if (match[2] !== undefined && normaliseText(options[index] ?? '') !== match[2]) return null;
  return match[1].toUpperCase();
}

export function parseSpan(text: string): Span | null {
  const match = /(\d+(?:\.\d+)?)\s*s?(?:econds)?\s*(?:,|to|and|-|–|~)\s*(\d+(?:\.\d+)?)/.exec(text);
  if (!match?.[1] || !match[2]) return null;
  const [a, b] = [Number(match[1]), Number(match[2])];
  return a <= b ? [a, b] : [b, a];
}

export function temporalIou(a: Span, b: Span): number {
  const overlap = Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]));
  const union = a[1] - a[0] + (b[1] - b[0]) - overlap;
  return union > 0 ? overlap / union : 0;
}

function bestIou(prompt: Prompt, span: Span): number {
  return Math.max(0, ...(prompt.spans ?? []).map((gold) => temporalIou(gold, span)));
}

function gradeIou(prompt: Prompt, text: string, threshold: number): Verdict {
  const span = parseSpan(text);
  if (!span) return UNPARSED;
  const value = bestIou(prompt, span);
  return { value, correct: value >= threshold, state: 'graded', normalised: `[${span[0]}, ${span[1]}]` };
}

function gradeGqa(prompt: Prompt, text: string, threshold: number): Verdict {
  const [choice = '', segment = ''] = text.split('<>');
  const letter = letterOf(normaliseText(choice), prompt.options ?? []);
  const span = parseSpan(segment);
  if (letter === null && !span) return UNPARSED;
  const right = letter === prompt.answer;
  const iou = span ? bestIou(prompt, span) : 0;
  return {
    value: Number(right) + iou,
    correct: right && iou >= threshold,
    state: 'graded',
    normalised: `${letter ?? '?'} <> ${span ? `[${span[0]}, ${span[1]}]` : '?'}`,
  };
}
