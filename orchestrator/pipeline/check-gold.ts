import { parseCompletion } from '../answer/index.js';
import { inChunks, isRejected, type ReadRow, type Rejected, readCache, type Sift, saveCache } from '../data/index.js';
import { algebraOf, type GradeOptions, gradeMany, type MathVerifier } from '../grading/index.js';
import type { Prompt } from '../records/index.js';

/** Rows graded together: no more of them are held than these. */
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
export async function* siftGold(
  items: AsyncIterable<ReadRow | Rejected>,
  file: string,
): AsyncGenerator<ReadRow | Rejected> {
  for await (const chunk of inChunks(items, AT_ONCE)) {
    const rows = chunk.filter((item): item is ReadRow => !isRejected(item));
    const verdicts = await gradeMany(
      rows.map(({ prompt }) => ({ prompt, trace: boxed(goldText(prompt)) })),
      OPTIONS,
    );
    const verdictOf = new Map(rows.map((row, index) => [row, verdicts[index]?.second]));
    for (const item of chunk) {
      const verdict = isRejected(item) ? undefined : verdictOf.get(item);
      yield isRejected(item) || verdict?.correct ? item : rejection(file, item, verdict?.state);
    }
  }
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
 * otherwise be an error of the grader. Rows whose gold cannot be read become rejected rows. `work` gets the look to take
 * at each source; what was found is kept when it ends, however it does.
 */
export async function withAlgebra<Result>(
  { verifyMath, cache, signal }: AlgebraOptions,
  work: (sift: Sift) => Promise<Result>,
): Promise<Result> {
  const known = await readCache<true>(cache);
  /** The golds that cannot be read, each with the state that math-verify came to. */
  const states = new Map<string, string>();
  let found = 0;

  async function read(golds: readonly string[]): Promise<void> {
    signal.throwIfAborted();
    const results = golds.length === 0 ? [] : await verifyMath(golds.map((gold) => ({ gold, answer: gold })));
    for (const [index, gold] of golds.entries()) {
      const state = results[index]?.state ?? 'error';
      if (state !== 'graded') states.set(gold, state);
      else {
        known[gold] = true;
        found += 1;
      }
    }
  }

  async function* sift(items: AsyncIterable<ReadRow | Rejected>, file: string): AsyncGenerator<ReadRow | Rejected> {
    for await (const chunk of inChunks(items, AT_ONCE)) {
      const golds = chunk.flatMap((item) => (isRejected(item) ? [] : (algebraIn(item.prompt) ?? [])));
      await read([...new Set(golds)].filter((gold) => known[gold] !== true && !states.has(gold)));
      for (const item of chunk) {
        const state = isRejected(item) ? undefined : states.get(algebraIn(item.prompt) ?? '');
        yield isRejected(item) || state === undefined ? item : unreadable(file, item, state);
      }
    }
  }

  try {
    return await work(sift);
  } finally {
    if (found > 0) await saveCache(cache, known);
  }
}

function algebraIn({ problemType, answer }: Prompt): string | null {
  return problemType === 'math' ? algebraOf(answer) : null;
}

function unreadable(file: string, { prompt, line }: ReadRow, state: string): Rejected {
  const how = { unparsed: 'cannot be read', timeout: 'takes too long to read' };
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

function rejection(file: string, { prompt, line, row }: ReadRow, state: string | undefined): Rejected {
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
    ...(row === undefined ? {} : { row }),
  };
}
