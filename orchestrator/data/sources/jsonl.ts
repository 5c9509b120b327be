import { dirname } from 'node:path';
import type { Media, Prompt } from '../../records/index.js';
import { type Gold, type GoldProblem, normaliseGold, normaliseOptions } from '../gold.js';
import { readLines } from '../lines.js';
import { findMedia } from '../media.js';
import { nameOf, shownPath } from '../name.js';
import { metaOf, type Row, rowSchema } from '../row.js';
import type { ReadRow, Rejected, RejectionCode, Source, SourceContext, SourceSpec } from '../source.js';

/** JSON Lines: one question a line, media paths relative to the file. Documented in docs/data.md. */
export const jsonl: Source = { name: 'jsonl', load };

async function* load(spec: SourceSpec, context: SourceContext): AsyncGenerator<ReadRow | Rejected> {
  const file = context.resolve(spec.path);
  const root = spec.root === undefined ? dirname(file) : context.resolve(spec.root);
  const firstLines = new Map<string, number>();
  for await (const { number, text } of readLines(file, context.signal)) {
    if (text?.trim() === '') continue;
    const reject = rejection(shownPath(file), number, text ?? '');
    const row = parseRow(text, reject);
    if ('reason' in row) {
      yield row;
      continue;
    }
    const id = String(row.value.id);
    const first = firstLines.get(id);
    firstLines.set(id, first ?? number);
    if (first === undefined) {
      const prompt = await promptOf(row.value, nameOf(spec), root, reject, context);
      yield 'reason' in prompt ? prompt : { prompt, line: number };
    } else {
      yield reject('duplicate-id', `the id "${id}" stands in line ${first} already`, {
        key: 'id',
        fix: 'give each row an id of its own',
      });
    }
  }
}

interface Detail {
  readonly key?: string | undefined;
  readonly fix?: string | undefined;
  readonly column?: number | undefined;
}
type Reject = (code: RejectionCode, reason: string, detail?: Detail) => Rejected;

function rejection(file: string, line: number, text: string): Reject {
  return (code, reason, { key, fix, column } = {}) => ({
    code,
    file,
    line,
    column: column ?? columnOf(text, key),
    reason,
    ...(key === undefined ? {} : { key }),
    ...(fix === undefined ? {} : { fix }),
  });
}

/** Column of a key in a line of JSON, from 1; the line's beginning when the key is not there. */
function columnOf(text: string, key: string | undefined): number {
  if (key === undefined) return 1;
  // Keys that are looked for are plain words. A quote after a backslash is inside a text.
  return text.search(new RegExp(`(?<!\\\\)"${key}"\\s*:`)) + 1 || 1;
}

function parseRow(text: string | undefined, reject: Reject): { readonly value: Row } | Rejected {
  if (text === undefined) return reject('bad-json', 'the line is not text in UTF-8, or longer than 16 MB');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const message = (error as SyntaxError).message;
    const position = /at position (\d+)/.exec(message)?.[1];
    return reject(
      'bad-json',
      `not valid JSON: ${message}`,
      position === undefined ? {} : { column: Number(position) + 1 },
    );
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    return reject('bad-json', 'the line is JSON, but no object {…}');
  const parsed = rowSchema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0] ?? '');
  const given = (json as Record<string, unknown>)[key];
  const reason =
    given === undefined ? `the row has no ${key}` : `${key} is ${JSON.stringify(given)}; ${issue?.message}`;
  return reject('bad-row', reason, { key, ...(given === undefined ? { fix: issue?.message } : {}) });
}

async function promptOf(
  row: Row,
  source: string,
  root: string,
  reject: Reject,
  { hasher }: SourceContext,
): Promise<Prompt | Rejected> {
  const options = row.options ? normaliseOptions(row.options) : undefined;
  if (options && 'problem' in options) return rejectGold(options, reject, 'options');
  const gold = normaliseGold(row.problem_type, row.answer, options);
  if ('problem' in gold) return rejectGold(gold, reject, gold.code === 'bad-options' ? 'options' : 'answer');
  const media = await mediaOf(row, root, reject, hasher);
  if ('reason' in media) return media;
  if (gold.spans && media.list[0]?.kind !== 'video')
    return reject('bad-media', `${row.problem_type} asks about time; the row has no video`, { key: 'video' });
  return assemble(row, source, options, gold, media.list);
}

function rejectGold({ code, problem, fix }: GoldProblem, reject: Reject, key: string): Rejected {
  return reject(code, problem, { key, fix });
}

async function mediaOf(
  row: Row,
  root: string,
  reject: Reject,
  hasher: SourceContext['hasher'],
): Promise<{ readonly list: Media[] } | Rejected> {
  const kind = row.video ? 'video' : 'image';
  const given = row.video ?? row.image;
  if (row.video && row.image)
    return reject('bad-media', 'the row has both a video and an image; one is allowed', { key: 'image' });
  const cut = row.start ?? row.end;
  if (cut !== undefined && cut !== null && !row.video)
    return reject('bad-media', 'start and end cut a video; the row has none', { key: 'start' });
  if (row.start != null && row.end != null && row.start >= row.end)
    return reject('bad-media', `start is ${row.start}, not before end (${row.end})`, { key: 'start' });
  if (!given) return { list: [] };
  const found = await findMedia(given, root, hasher);
  if ('problem' in found) return reject('bad-media', found.problem, { key: kind, fix: found.fix });
  return {
    list: [
      {
        kind,
        ...found,
        ...(row.start == null ? {} : { start: row.start }),
        ...(row.end == null ? {} : { end: row.end }),
      },
    ],
  };
}

function assemble(
  row: Row,
  source: string,
  options: string[] | undefined,
  { answer, spans }: Gold,
  media: Media[],
): Prompt {
  return {
    // The source is part of the name, so that two manifests may count from 1.
    id: `${source}/${row.id}`,
    source,
    modality: media[0]?.kind ?? 'text',
    media,
    question: row.question,
    ...(options ? { options } : {}),
    answer,
    ...(spans ? { spans } : {}),
    problemType: row.problem_type,
    meta: metaOf(row),
  };
}
