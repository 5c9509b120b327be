import { z } from 'zod';

const answerSchema = z.object({
  /** Correctness or task reward of the answer. */
  value: z.number().min(0).max(2),
  /** Generated tokens until this answer is there; for the second the whole trace. */
  tokens: z.number().min(0),
});

/** One question with both of its answers: a row of the file that `vauto sweep` takes. */
export const sweepRowSchema = z.object({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  benchmark: z.string().default('all'),
  /** Questions about one video are not independent: they are drawn and held out together. Default: each by itself. */
  cluster: z.string().exactOptional(),
  /** Of the first answer; null (a fallback, no box) always thinks. */
  confidence: z.number().min(0).max(1).nullable(),
  first: answerSchema,
  second: answerSchema,
});

export interface SweepRow {
  readonly id: string;
  readonly benchmark: string;
  readonly cluster?: string;
  readonly confidence: number | null;
  readonly first: { readonly value: number; readonly tokens: number };
  readonly second: { readonly value: number; readonly tokens: number };
}

/** Value above which an answer counts as right; values are 0 and 1 unless a task gives parts. */
const RIGHT = 0.5;

export function isRight(value: number): boolean {
  return value > RIGHT;
}

/** Thinking is needed where the first answer is wrong and the second is right. */
export function needsThinking({ first, second }: SweepRow): boolean {
  return !isRight(first.value) && isRight(second.value);
}

/** What is drawn and held out together. */
export function clusterOf({ cluster, benchmark, id }: SweepRow): string {
  return cluster ?? `${benchmark}/${id}`;
}
