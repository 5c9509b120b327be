import { z } from 'zod';

/** A boxed answer: its text and where it stands. Ends are exclusive; character offsets count UTF-16 code units. */
export const boxSchema = z.object({
  text: z.string(),
  charStart: z.number().int(),
  charEnd: z.number().int(),
  tokenStart: z.number().int(),
  tokenEnd: z.number().int(),
});
export type Box = z.infer<typeof boxSchema>;

/** A parsed completion (paper, section 3; format rule in docs/grading.md). */
export const traceSchema = z.object({
  first: boxSchema.nullable(),
  second: boxSchema.nullable(),
  /** Text of the think block; in the mode adapt-think null says that the reply did not think. */
  think: z.string().nullable(),
  /** 1 when the whole completion has the layout box, think block, box and nothing else. */
  format: z.union([z.literal(0), z.literal(1)]),
  /** The first box holds the fallback sentence. */
  fallback: z.boolean(),
  /** Generation hit its token limit. */
  truncated: z.boolean(),
  /** exp(mean log-probability of the first box's tokens); null for a fallback, missing or empty box. */
  confidence: z.number().nullable(),
  /** Token counts; `first` ends with the first box, `total` is the whole completion. */
  tokens: z.object({ first: z.number(), think: z.number(), second: z.number(), total: z.number() }),
});
export type Trace = z.infer<typeof traceSchema>;
