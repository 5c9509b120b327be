import { z } from 'zod';
import { type Method, methods } from './protocol.js';

/** The protocol as JSON Schema, text of python/vauto_worker/protocol.schema.json (`VAUTO_UPDATE=1 npx vitest run test/unit/bridge` writes it). */
export function protocolSchemaText(): string {
  const described = Object.entries<Method>(methods).map(([name, method]) => [name, describe(method)]);
  return `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', methods: Object.fromEntries(described) }, null, 2)}\n`;
}

function describe({ params, result, events = {}, asks = {} }: Method): Record<string, unknown> {
  return {
    params: jsonSchema(params, 'input'),
    result: jsonSchema(result, 'output'),
    events: mapValues(events, (event) => jsonSchema(event, 'output')),
    asks: mapValues(asks, ({ question, answer }) => ({
      question: jsonSchema(question, 'output'),
      answer: jsonSchema(answer, 'input'),
    })),
  };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): unknown {
  // What Python sends beside the described keys is dropped here, so it is no fault there.
  const { $schema: _, ...body } = z.toJSONSchema(schema, { io, override: ({ jsonSchema: node }) => loosen(node) });
  return body;
}

function loosen(node: { additionalProperties?: unknown }): void {
  if (node.additionalProperties === false) delete node.additionalProperties;
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
