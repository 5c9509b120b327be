import { isFallback, type Prompt, type Trace, type Verdict, type Verdicts } from '../records/index.js';
import { gradeExact } from './exact-match.js';
import { gradeGqa } from './gqa.js';
import { gradeIou } from './iou.js';
import { type Comparison, compareMath, type MathItem, type MathResult, type MathVerifier, verdictOf } from './math.js';
import { UNPARSED } from './verdict.js';

export interface GradeOptions {
  readonly verifyMath: MathVerifier;
  /** IoU from which a grounded answer counts as right. */
  readonly correctThreshold: number;
}

/** Grades the boxes of one trace; see `gradeMany`. */
export async function gradeTrace(prompt: Prompt, trace: Trace, options: GradeOptions): Promise<Verdicts> {
  const [verdicts] = await gradeMany([{ prompt, trace }], options);
  return verdicts ?? { first: null, second: null };
}

/**
 * Grades both boxes of each trace; null where there is no box. Math answers that need algebra go to the verifier in one
 * call, each (gold, answer) pair once; when there are none it is not called at all.
 */
export async function gradeMany(
  items: readonly { readonly prompt: Prompt; readonly trace: Trace }[],
  options: GradeOptions,
): Promise<Verdicts[]> {
  const math = await compareAll(items, options.verifyMath);
  const grade = (prompt: Prompt, text: string | undefined) =>
    text === undefined ? null : gradeText(prompt, text, math, options.correctThreshold);
  return items.map(({ prompt, trace }) => {
    const first = grade(prompt, trace.first?.text);
    // Most second answers repeat the first.
    const second = trace.second?.text === trace.first?.text ? first : grade(prompt, trace.second?.text);
    return { first, second };
  });
}

function gradeText(prompt: Prompt, text: string, math: MathVerdicts, correctThreshold: number): Verdict {
  // The fallback sentence says that there is no answer yet.
  if (text === '' || isFallback(text)) return UNPARSED;
  switch (prompt.problemType) {
    case 'math':
      return math(prompt.answer, text);
    case 'exact_match':
      return gradeExact(prompt, text);
    case 'iou':
      return gradeIou(prompt, text, correctThreshold);
    case 'gqa':
      return gradeGqa(prompt, text, correctThreshold);
  }
}

type MathVerdicts = (gold: string, text: string) => Verdict;

/** Verdicts of all math answers among the items, found with at most one call of the verifier. */
async function compareAll(
  items: readonly { readonly prompt: Prompt; readonly trace: Trace }[],
  verifyMath: MathVerifier,
): Promise<MathVerdicts> {
  const comparisons = new Map<string, Comparison>();
  for (const { prompt, trace } of items) {
    if (prompt.problemType !== 'math') continue;
    for (const box of [trace.first, trace.second]) {
      if (box === null || isFallback(box.text)) continue;
      const key = keyOf(prompt.answer, box.text);
      if (!comparisons.has(key)) comparisons.set(key, compareMath(prompt.answer, box.text));
    }
  }
  const pairs = new Map<string, MathItem>();
  for (const comparison of comparisons.values()) {
    if ('pairs' in comparison) for (const pair of comparison.pairs) pairs.set(keyOf(pair.gold, pair.answer), pair);
  }
  const results = pairs.size === 0 ? [] : await verifyMath([...pairs.values()]);
  const byPair = new Map<string, MathResult | undefined>([...pairs.keys()].map((key, index) => [key, results[index]]));
  return (gold, text) => {
    const comparison = comparisons.get(keyOf(gold, text)) ?? compareMath(gold, text);
    if ('verdict' in comparison) return comparison.verdict;
    return verdictOf(comparison.pairs.map((pair) => byPair.get(keyOf(pair.gold, pair.answer))));
  };
}

function keyOf(gold: string, answer: string): string {
  return JSON.stringify([gold, answer]);
}
