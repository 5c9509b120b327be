import { z } from 'zod';

export const problemTypes = ['math', 'exact_match', 'iou', 'gqa'] as const;
/** How an answer is graded (facts: math-verify, normalised equality, temporal IoU, letter plus IoU). */
export type ProblemType = (typeof problemTypes)[number];

/** A time span `[start, end]` in seconds. */
export const spanSchema = z.tuple([z.number(), z.number()]);
export type Span = z.infer<typeof spanSchema>;

export const mediaSchema = z.object({
  kind: z.enum(['image', 'video']),
  /** Absolute path on this machine; never part of a key. */
  path: z.string(),
  /** Cut of the file in seconds, when the prompt is about a part of it. */
  start: z.number().optional(),
  end: z.number().optional(),
  /** Content hash of the file: what identifies the media everywhere. */
  sha256: z.string(),
});
export type Media = z.infer<typeof mediaSchema>;

/** One dataset item. `id` is a stable name (source + upstream id), not a content hash. */
export const promptSchema = z.object({
  id: z.string().min(1),
  /** Source or benchmark name that the item came from. */
  source: z.string(),
  modality: z.enum(['text', 'image', 'video']),
  media: z.array(mediaSchema),
  question: z.string().min(1),
  /** Option texts in order; letters A, B, … are given by position. */
  options: z.array(z.string()).optional(),
  /** Gold: a letter, a text or a number (math, exact_match); empty for iou, the letter for gqa. */
  answer: z.string(),
  /** Gold spans in seconds (iou, gqa). */
  spans: z.array(spanSchema).optional(),
  problemType: z.enum(problemTypes),
  /** Whatever else the row said (task, license, difficulty); never read by grading. */
  meta: z.record(z.string(), z.unknown()),
});
export type Prompt = z.infer<typeof promptSchema>;
