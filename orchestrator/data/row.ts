import { z } from 'zod';
import { problemTypes } from '../records/index.js';

/** One question of a manifest (JSON Lines, snake_case: people write it). Other keys go into the prompt's meta. */
export const rowSchema = z.looseObject({
  id: z.union([z.string().trim().min(1, { error: 'it is empty' }), z.number()], {
    error: 'a text or a number is needed',
  }),
  question: z.string({ error: 'a text is needed' }).trim().min(1, { error: 'it is empty' }),
  options: z.array(z.union([z.string(), z.number()]), { error: 'a list of texts is needed' }).nullish(),
  answer: z.unknown().optional(),
  problem_type: z.enum(problemTypes, { error: `allowed: ${problemTypes.join(', ')}` }),
  video: z.string({ error: 'a path is needed' }).trim().min(1, { error: 'it is empty' }).nullish(),
  image: z.string({ error: 'a path is needed' }).trim().min(1, { error: 'it is empty' }).nullish(),
  start: z.number({ error: 'seconds are needed' }).min(0, { error: 'it is negative' }).nullish(),
  end: z.number({ error: 'seconds are needed' }).gt(0, { error: 'it must be above 0' }).nullish(),
});
export type Row = z.infer<typeof rowSchema>;

/** Keys of a row that have a meaning; the rest is meta. */
const KNOWN_KEYS: ReadonlySet<string> = new Set(Object.keys(rowSchema.shape));

export function metaOf(row: Row): Record<string, unknown> {
  const spansUsed = answerOf(row) !== row.answer;
  return Object.fromEntries(
    Object.entries(row).filter(([key]) => !KNOWN_KEYS.has(key) && !(spansUsed && key === 'spans')),
  );
}

/**
 * The answer in the form of the problem type. Times may stand in a key `spans` of their own, with the letter of gqa as the
 * answer: a column of Parquet has one type, so texts and times do not fit the same one.
 */
export function answerOf({ problem_type, answer, spans }: Row): unknown {
  if (spans === undefined || spans === null) return answer;
  if (problem_type === 'iou' && (answer === undefined || answer === null || answer === '')) return spans;
  return problem_type === 'gqa' && typeof answer === 'string' ? { answer, segment: spans } : answer;
}
