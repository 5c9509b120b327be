import { z } from 'zod';
import { UserError } from '../errors.js';

const answerSchema = z.object({
  /** Task reward or correctness of the answer. */
  value: z.number().min(0).max(2),
  /** Generated tokens until this answer is there; for the second the whole trace. */
  tokens: z.number().min(0),
});

/** One question with both of its answers: what a threshold decides about. */
export const sweepRowSchema = z.object({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  benchmark: z.string().default('all'),
  /** Questions about one video are not independent and stay together when they are drawn or held out. Default: the id. */
  cluster: z.string().optional(),
  /** Of the first answer; null (a fallback, no box) always thinks. */
  confidence: z.number().min(0).max(1).nullable(),
  first: answerSchema,
  second: answerSchema,
});

export interface SweepRow {
  readonly id: string;
  readonly benchmark: string;
  readonly cluster?: string | undefined;
  readonly confidence: number | null;
  readonly first: { readonly value: number; readonly tokens: number };
  readonly second: { readonly value: number; readonly tokens: number };
}

/** Reads a row of the file that `vauto sweep` takes; throws a UserError that names the line. */
export function parseSweepRow(text: string, file: string, line: number): SweepRow {
  const fail = (message: string, path?: string) =>
    new UserError({
      code: 'bad-sweep-row',
      kind: 'data',
      message,
      place: { file, line, ...(path ? { path } : {}) },
      fix: 'write {"id", "benchmark", "confidence": number or null, "first": {"value", "tokens"}, "second": {"value", "tokens"}}',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail('this line is no JSON');
  }
  const parsed = sweepRowSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw fail(`${path === '' ? 'the row' : path}: ${issue?.message ?? 'not a sweep row'}`, path);
}
