import { parseCompletion } from '../answer/index.js';
import { type ReadRow, type ReadSource, type Rejected, readCache, saveCache } from '../data/index.js';
import { algebraOf, type GradeOptions, gradeMany, type MathVerifier } from '../grading/index.js';
import type { Prompt } from '../records/index.js';

/** Rows graded together, so that a large source holds no traces of all its rows. */
const AT_ONCE = 1024;

/** An answer is compared with itself: no algebra is needed, and every span meets every threshold. */
const OPTIONS: GradeOptions = {
  correctThreshold: 1,
  verifyMath: () => Promise.reject(new Error('a text is compared with itself without the math verifier')),
};

/**
 * Grades each row's own answer as if a model had boxed it. A row whose gold answer is not graded as right could never
 * earn a reward: it becomes a rejected row.
 */
export async function siftGold(source: ReadSource): Promise<ReadSource> {
  const rows: ReadRow[] = [];
  const rejected: Rejected[] = [...source.rejected];
  for (let start = 0; start < source.rows.length; start += AT_ONCE) {
    const chunk = source.rows.slice(start, start + AT_ONCE);
    const items = chunk.map(({ prompt }) => ({ prompt, trace: boxed(goldText(prompt)) }));
    const verdicts = await gradeMany(items, OPTIONS);
    chunk.forEach((row, index) => {
      const verdict = verdicts[index]?.second;
      if (verdict?.correct) rows.push(row);
      else rejected.push(rejection(source.file, row, verdict?.state));
    });
  }
  return { ...source, rows, rejected: rejected.sort((a, b) => a.line - b.line) };
}

/** The gold answer as a model is asked to write it. */
export function goldText({ problemType, answer, spans = [] }: Prompt): string {
  const [span] = spans;
  const interval = span === undefined ? '' : `[${span[0]}, ${span[1]}]`;
  if (problemType === 'iou') return interval;
  return problemType === 'gqa' ? `${answer} <> ${interval}` : answer;
}

function boxed(text: string) {
  const completion = { text: `\\boxed{${text}}`, logprobs: [], tokenEnds: [], finishReason: 'stop' as const };
  return parseCompletion(completion, 'direct');
}

export interface AlgebraOptions {
  readonly verifyMath: MathVerifier;
  /** File that keeps what could be read between runs. */
  readonly cache: string;
  readonly signal: AbortSignal;
}

/**
 * Has math-verify read every gold answer that is more than a number or words: each answer that is not the same text would
 * otherwise be an error of the grader. Rows whose gold cannot be read become rejected rows.
 */
export async function siftAlgebra(
  sets: ReadonlyMap<string, readonly ReadSource[]>,
  options: AlgebraOptions,
): Promise<Map<string, ReadSource[]>> {
  const golds = [...sets.values()].flat().flatMap(({ rows }) => rows.flatMap(({ prompt }) => algebraIn(prompt) ?? []));
  const states = await readGolds([...new Set(golds)], options);
  const sift = (source: ReadSource): ReadSource => {
    const bad = source.rows.filter(({ prompt }) => states.has(algebraIn(prompt) ?? ''));
    if (bad.length === 0) return source;
    const rejected = [...source.rejected, ...bad.map((row) => unreadable(source.file, row, states))];
    rejected.sort((a, b) => a.line - b.line);
    return { ...source, rows: source.rows.filter((row) => !bad.includes(row)), rejected };
  };
  return new Map([...sets].map(([set, read]) => [set, read.map(sift)]));
}

function algebraIn({ problemType, answer }: Prompt): string | null {
  return problemType === 'math' ? algebraOf(answer) : null;
}

/** The golds that cannot be read, each with the state that math-verify came to. */
async function readGolds(
  golds: readonly string[],
  { verifyMath, cache, signal }: AlgebraOptions,
): Promise<Map<string, string>> {
  const known = await readCache<true>(cache);
  const open = golds.filter((gold) => known[gold] !== true);
  const states = new Map<string, string>();
  for (let start = 0; start < open.length; start += AT_ONCE) {
    signal.throwIfAborted();
    const chunk = open.slice(start, start + AT_ONCE);
    const results = await verifyMath(chunk.map((gold) => ({ gold, answer: gold })));
    for (const [index, gold] of chunk.entries()) {
      const state = results[index]?.state ?? 'error';
      if (state === 'graded') known[gold] = true;
      else states.set(gold, state);
    }
  }
  if (open.length > states.size) await saveCache(cache, known);
  return states;
}

function unreadable(file: string, { prompt, line }: ReadRow, states: ReadonlyMap<string, string>): Rejected {
  const how = { unparsed: 'cannot be read', timeout: 'takes too long to read' };
  const state = states.get(algebraIn(prompt) ?? '') ?? 'error';
  return {
    code: 'bad-answer',
    file,
    line,
    column: 1,
    key: 'answer',
    reason: `the row's own answer ${JSON.stringify(prompt.answer)} ${how[state as keyof typeof how] ?? 'is beyond what is computed'} as mathematics`,
    fix: 'correct its LaTeX, or set problem_type to exact_match to compare it as text',
  };
}

function rejection(file: string, { prompt, line }: ReadRow, state: string | undefined): Rejected {
  const text = goldText(prompt);
  const how = { undefined: 'not found in a box', graded: 'graded as wrong' }[String(state)] ?? `graded as ${state}`;
  return {
    code: 'bad-answer',
    file,
    line,
    column: 1,
    key: 'answer',
    reason: `the row's own answer ${JSON.stringify(text)} is ${how}: no model could be right`,
    fix: 'write the answer alone, with balanced braces and without other words; docs/grading.md tells how it is read',
  };
}
