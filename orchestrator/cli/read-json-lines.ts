import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { UserError } from '../errors.js';

/** Rows of a JSON Lines file (`-` is standard input), one at a time, each checked; a bad row names its line. */
export async function* readJsonLines<T>(
  file: string,
  schema: z.ZodType<T>,
): AsyncGenerator<{ line: number; value: T }> {
  if (file !== '-' && !existsSync(file)) {
    throw new UserError({
      code: 'missing-file',
      kind: 'usage',
      message: `${file} does not exist`,
      place: { file },
      fix: 'name a JSON Lines file, or - for standard input',
    });
  }
  const input = file === '-' ? process.stdin : createReadStream(file);
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    yield { line, value: check(text, schema, file, line) };
  }
}

function check<T>(text: string, schema: z.ZodType<T>, file: string, line: number): T {
  const place = { file: file === '-' ? 'standard input' : file, line };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UserError({
      code: 'bad-json',
      kind: 'data',
      message: 'the line is not one JSON object',
      place,
      fix: 'write one JSON object a line',
      cause,
    });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UserError({
    code: 'bad-row',
    kind: 'data',
    message: `${issue?.path.join('.') || 'the row'}: ${issue?.message ?? 'not as expected'}`,
    place,
    fix: 'correct the row',
  });
}
