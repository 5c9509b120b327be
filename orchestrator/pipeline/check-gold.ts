import { parseCompletion } from '../answer/index.js';
import type { ReadRow, ReadSource, Rejected } from '../data/index.js';
import { type GradeOptions, gradeMany } from '../grading/index.js';
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
