import { z } from 'zod';

const eventSchema = z.tuple([z.string(), z.unknown()]);
const eventsSchema = z.array(eventSchema);

/** What `UserFault` carries beside its message. */
const userSchema = z.object({
  code: z.string(),
  kind: z.enum(['recipe', 'data', 'dependency', 'check', 'environment']),
  fix: z.string(),
});
const errorSchema = z.object({
  type: z.string(),
  message: z.string(),
  traceback: z.string(),
  user: userSchema.optional(),
});
export type RaisedError = z.infer<typeof errorSchema>;

const replySchema = z.object({ ok: z.unknown().optional(), error: errorSchema.optional(), events: eventsSchema });
export type Reply = z.infer<typeof replySchema>;

/** `[[name, payload], …]` as serve.py sends it. */
export function parseEvents(method: string, text: string): [string, unknown][] {
  return parse(method, eventsSchema, text);
}

export function parseQuestion(method: string, text: string): [string, unknown] {
  return parse(method, eventSchema, text);
}

/** The end of a call: its result or its exception, and the events that were still on their way. */
export function parseReply(method: string, text: string): Reply {
  return parse(method, replySchema, text);
}

function parse<T>(method: string, schema: z.ZodType<T>, text: string): T {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(`${method}: Python sent what the bridge does not know: ${z.prettifyError(parsed.error)}`);
}
