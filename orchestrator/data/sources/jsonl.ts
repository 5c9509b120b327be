import { dirname } from 'node:path';
import type { Media, Prompt } from '../../records/index.js';
import type { Line } from '../files/lines.js';
import { type RawRow, readRecords } from '../files/records.js';
import { type Gold, type GoldProblem, normaliseGold, normaliseOptions } from '../gold.js';
import { inOrder } from '../in-order.js';
import { findMedia, MediaRoot } from '../media.js';
import { nameOf, shownPath } from '../name.js';
import { answerOf, metaOf, type Row, rowSchema } from '../row.js';
import { SeenIds } from '../seen-ids.js';
import type { ReadRow, Rejected, RejectionCode, Source, SourceContext, SourceSpec } from '../source.js';

/** One question a row: JSON Lines, plain or packed, or Parquet; media paths relative to the file. Documented in docs/data.md. */
export const jsonl: Source = { name: 'jsonl', load };

/** Rows whose media are looked up at once. */
const AT_ONCE = 32;
/** So much of a rejected row is shown. */
const EXCERPT = 2000;

interface Parsed {
  readonly value: Row;
  readonly raw: RawRow;
  readonly reject: Reject;
}

async function* load(spec: SourceSpec, context: SourceContext): AsyncGenerator<ReadRow | Rejected> {
  const file = context.resolve(spec.path);
  const root = new MediaRoot(spec.root === undefined ? dirname(file) : context.resolve(spec.root));
  const source = nameOf(spec);
  yield* inOrder(parsedRows(file, context), AT_ONCE, async (item) => {
    if ('reason' in item) return item;
    const { value, raw, reject } = item;
    const prompt = await promptOf(value, source, root, reject, context);
    if ('reason' in prompt) return prompt;
    return { prompt, line: raw.number, ...(context.excerpts ? { row: excerptOf(raw) } : {}) };
  });
}

async function* parsedRows(
  file: string,
  { ids = new SeenIds(), excerpts, signal }: SourceContext,
): AsyncGenerator<Parsed | Rejected> {
  const shown = shownPath(file);
  ids.beginFile(shown);
  for await (const raw of readRecords(file, shown, signal)) {
    const reject = rejection(shown, raw, excerpts === true);
    const row = parseRow(raw, reject);
    if ('reason' in row) {
      yield row;
      continue;
    }
    const id = String(row.value.id);
    const first = ids.add(id, raw.number);
    if (first === undefined) yield { ...row, raw, reject };
    else {
      const where = first.file === shown ? `in line ${first.line}` : `in ${first.file}:${first.line}`;
      yield reject('duplicate-id', `the id "${id}" stands ${where} already`, {
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

function rejection(file: string, raw: RawRow, excerpt: boolean): Reject {
  return (code, reason, { key, fix, column } = {}) => ({
    code,
    file,
    line: raw.number,
    ...('text' in raw ? { column: column ?? columnOf(raw.text, key) } : {}),
    reason,
    ...(key === undefined ? {} : { key }),
    ...(fix === undefined ? {} : { fix }),
    ...(excerpt ? { row: excerptOf(raw) } : {}),
  });
}

/** A copy: a part of a text would keep the whole in memory. */
function excerptOf(raw: RawRow): string {
  const text = 'text' in raw ? raw.text : JSON.stringify(raw.value);
  return text.length <= EXCERPT ? text : Buffer.from(text.slice(0, EXCERPT)).toString();
}

/** Column of a key in a line of JSON, from 1; the line's beginning when the key is not there. */
function columnOf(text: string, key: string | undefined): number {
  if (key === undefined) return 1;
  // Keys that are looked for are plain words. A quote after a backslash is inside a text.
  return text.search(new RegExp(`(?<!\\\\)"${key}"\\s*:`)) + 1 || 1;
}

function parseRow(raw: RawRow, reject: Reject): { readonly value: Row } | Rejected {
  const json = 'text' in raw ? parseLine(raw, reject) : raw;
  if ('reason' in json) return json;
  const { value } = json;
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return reject('bad-json', 'the line is JSON, but no object {…}');
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0] ?? '');
  const given = (value as Record<string, unknown>)[key];
  const reason = given === undefined ? `the row has no ${key}` : `${key} is ${shortJson(given)}; ${issue?.message}`;
  return reject('bad-row', reason, { key, ...(given === undefined ? { fix: issue?.message } : {}) });
}

function parseLine({ text, problem, open }: Line, reject: Reject): { readonly value: unknown } | Rejected {
  if (problem !== undefined)
    return reject('bad-json', open ? `${problem}; the file ends here, without a line break` : problem);
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const message = (error as SyntaxError).message;
    const position = /at position (\d+)/.exec(message)?.[1];
    const place = position === undefined ? {} : { column: Number(position) + 1 };
    if (!open) return reject('bad-json', `not valid JSON: ${message}`, place);
    const fix = 'get the file again, whole';
    return reject('bad-json', `the file ends in the middle of a line: ${message}`, { ...place, fix });
  }
}

/** A value as it is shown in a message. */
function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}
const MOST_SHOWN = 200;

async function promptOf(
  row: Row,
  source: string,
  root: MediaRoot,
  reject: Reject,
  { hasher }: SourceContext,
): Promise<Prompt | Rejected> {
  const options = row.options ? normaliseOptions(row.options) : undefined;
  if (options && 'problem' in options) return rejectGold(options, reject, 'options');
  const gold = normaliseGold(row.problem_type, answerOf(row), options);
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
  root: MediaRoot,
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
