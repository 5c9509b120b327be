import { z } from 'zod';
import { ApiError } from './errors.js';

export const policies = ['never', 'always', 'auto'] as const;
/** never: the first answer; always: think, then the second; auto: the first when it is sure enough. */
export type Policy = (typeof policies)[number];

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const imagePart = z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string().min(1) }) });
const videoPart = z.object({ type: z.literal('video_url'), video_url: z.object({ url: z.string().min(1) }) });
const contentPart = z.discriminatedUnion('type', [textPart, imagePart, videoPart], {
  error: 'a part is of type text, image_url or video_url',
});
const turnSchema = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(contentPart).min(1)], {
    error: 'a text is needed, or a list of parts of type text, image_url and video_url',
  }),
});

/** Handed on to the server as they are. */
const samplingSchema = z.object({
  temperature: z.number().min(0).max(5).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.int().min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  repetition_penalty: z.number().gt(0).max(2).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
});

const vautoSchema = z.strictObject({
  policy: z.enum(policies).optional(),
  threshold: z.number().gt(0, { error: 'τ is above 0' }).max(1, { error: 'τ is at most 1' }).optional(),
  output: z.enum(['answer', 'text']).default('answer'),
  reasoning: z.boolean().optional(),
});

const requestSchema = samplingSchema.extend({
  model: z.string({ error: 'the name of a model is needed; see /v1/models' }),
  messages: z.array(turnSchema).min(1, { error: 'at least one message is needed' }),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  include_reasoning: z.boolean().nullish(),
  vauto: vautoSchema.prefault({}),
  n: z.literal(1, { error: 'one completion a request' }).nullish(),
  tools: none('tools cannot be called'),
  functions: none('functions cannot be called'),
  logprobs: z.literal(false, { error: 'log-probabilities are not given out; vauto.confidence is' }).nullish(),
  response_format: z.object({ type: z.literal('text', { error: 'only text' }) }).nullish(),
  modalities: z.array(z.literal('text', { error: 'only text' })).nullish(),
  audio: none('no audio is made'),
});

/** A list or object that this API cannot serve; empty it is harmless. */
function none(error: string) {
  return z.union([z.null(), z.array(z.never()).max(0)], { error }).optional();
}

export type Turn = z.infer<typeof turnSchema>;
export type TurnPart = z.infer<typeof contentPart>;
export type Sampling = z.infer<typeof samplingSchema>;

/** A checked request of `/v1/chat/completions`. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Turn[];
  readonly sampling: Sampling;
  readonly maxTokens: number | undefined;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly policy: Policy | undefined;
  readonly threshold: number | undefined;
  /** answer: what stands in the box; text: the completion as the model wrote it. */
  readonly output: 'answer' | 'text';
  readonly reasoning: boolean;
}

/** Throws ApiError 400 that names the place. */
export function parseRequest(body: unknown): ChatRequest {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) throw badRequest(parsed.error.issues);
  const { model, messages, max_tokens, max_completion_tokens, stream, stream_options, vauto, ...rest } = parsed.data;
  return {
    model,
    messages,
    sampling: samplingSchema.parse(rest),
    maxTokens: max_completion_tokens ?? max_tokens ?? undefined,
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
    policy: vauto.policy,
    threshold: vauto.threshold,
    output: vauto.output,
    reasoning: vauto.reasoning ?? rest.include_reasoning ?? false,
  };
}

function badRequest(issues: readonly z.core.$ZodIssue[]): ApiError {
  const issue = deepest(issues);
  const param = issue === undefined ? undefined : issue.path.reduce<string>(joinPath, '');
  const message = issue === undefined ? 'the request is malformed' : `${param || 'the body'}: ${issue.message}`;
  return new ApiError(400, 'invalid_request', message, { param });
}

/** The first issue, and in a choice between forms the one that got furthest. */
function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const [issue] = issues;
  if (issue?.code !== 'invalid_union') return issue;
  const inner = issue.errors.map(deepest).filter((found) => found !== undefined && found.path.length > 0);
  const best = inner.sort((a, b) => (b?.path.length ?? 0) - (a?.path.length ?? 0))[0];
  return best === undefined ? issue : { ...best, path: [...issue.path, ...best.path] };
}

function joinPath(path: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? String(key) : `${path}.${String(key)}`;
}
