import { z } from 'zod';
import { OUTCOMES, POLICIES, RUN_ORDERS, TRACE_ORDERS } from '../api/index.js';
import { Refusal } from './refusal.js';

const text = z.string().min(1).max(1000).optional();
const number = z.coerce.number();
const share = number.min(0).max(1).optional();
const offset = number.int().min(0).default(0);
const limit = (most: number, normal: number) => number.int().min(1).max(most).default(normal);
const order = z.enum(['asc', 'desc']).optional();
const runName = z.string().min(1).max(500);

export const runsQuery = z.strictObject({
  q: text,
  status: z.enum(['running', 'done', 'failed', 'interrupted', 'stalled']).optional(),
  tag: text,
  sort: z.enum(RUN_ORDERS).default('created'),
  order,
  offset,
  limit: limit(500, 100),
});

export const runQuery = z.strictObject({ run: runName });
export const stepsQuery = z.strictObject({ run: runName, after: number.int().default(-1) });
export const eventsQuery = z.strictObject({
  run: runName,
  after: number.int().min(0).optional(),
  before: number.int().min(0).optional(),
  limit: limit(1000, 200),
});

const filter = {
  stage: text,
  pass: text,
  set: text,
  source: text,
  type: text,
  prompt: text,
  first: z.enum(OUTCOMES).optional(),
  second: z.enum(OUTCOMES).optional(),
  gate: z.enum(['exit', 'think']).optional(),
  threshold: number.min(0).max(2).optional(),
  minConfidence: share,
  maxConfidence: share,
  state: z.enum(['graded', 'unparsed', 'timeout', 'error']).optional(),
  q: text,
  sort: z.enum(TRACE_ORDERS).optional(),
  order,
};
export const tracesQuery = z.strictObject({ run: runName, ...filter, offset, limit: limit(1000, 100) });
export const traceQuery = z.strictObject({ id: number.int().min(1), ...filter });
export const idQuery = z.strictObject({ id: number.int().min(1) });

export const sweepAtQuery = z.strictObject({
  run: runName,
  threshold: number.min(0).max(2),
  benchmark: text,
  limit: limit(1000, 200),
});

const runs = z.union([runName, z.array(runName)]).transform((given) => (Array.isArray(given) ? given : [given]));
export const compareQuery = z.strictObject({ run: runs, policy: z.enum(POLICIES).default('auto') });
export const flipsQuery = z.strictObject({
  run: runs,
  policy: z.enum(POLICIES).default('auto'),
  benchmark: text,
  kind: z.enum(['fixed', 'broken', 'same-right', 'same-wrong']).optional(),
  offset,
  limit: limit(500, 50),
});

/** Throws Refusal 400 `bad-query` that names the parameter. */
export function parseQuery<Schema extends z.ZodType>(schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = issue?.code === 'unrecognized_keys' ? issue.keys[0] : String(issue?.path[0] ?? '');
  const value = (given as Readonly<Record<string, unknown>>)[name ?? ''];
  const told = value === undefined ? name : `${name} is ${JSON.stringify(value).slice(0, 100)}`;
  throw new Refusal(
    400,
    'bad-query',
    `${told}: ${issue?.message ?? 'not allowed'}`,
    'docs/browser.md lists what may be asked',
  );
}
