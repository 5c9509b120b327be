import { z } from 'zod';
import type { CallOptions } from './call.js';
import type { Method } from './protocol.js';

/** Checks a value against its schema; a mismatch is a bug of one of the two sides, and says which keys. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TypeError(`${what} do not fit the bridge's protocol:\n${z.prettifyError(parsed.error)}`);
}

/** The same options with events, questions and answers checked where the protocol describes them. */
export function checkedOptions(method: string, { events = {}, asks = {} }: Method, options: CallOptions): CallOptions {
  const { onEvent, handlers } = options;
  return {
    ...options,
    ...(onEvent && {
      onEvent: (name, payload) => {
        const schema = events[name];
        onEvent(name, schema ? checked(schema, payload, `contents of event ${name} of ${method}`) : payload);
      },
    }),
    ...(handlers && { handlers: mapHandlers(method, asks, handlers) }),
  };
}

function mapHandlers(
  method: string,
  asks: NonNullable<Method['asks']>,
  handlers: NonNullable<CallOptions['handlers']>,
) {
  const wrapped = Object.entries(handlers).map(([name, handler]) => {
    const schemas = asks[name];
    if (!schemas) return [name, handler] as const;
    const checkedHandler = async (payload: unknown): Promise<unknown> => {
      const question = checked(schemas.question, payload, `contents of question ${name} of ${method}`);
      return checked(schemas.answer, await handler(question), `contents of the answer to ${name} of ${method}`);
    };
    return [name, checkedHandler] as const;
  });
  return Object.fromEntries(wrapped);
}
