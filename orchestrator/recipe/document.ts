import { readFile } from 'node:fs/promises';
import { isMap, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { UserError, UserErrors } from '../errors.js';
import type { Source } from './place.js';

/** A recipe is a page of text; anything this large is another kind of file. */
const MOST_BYTES = 1_000_000;
/** Against documents whose aliases multiply into gigabytes. */
const MOST_ALIASES = 100;

export interface ParsedFile extends Source {
  readonly text: string;
  /** The document as plain data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads a YAML file as plain data with places; tags that would make objects of code are errors, as is all that YAML warns of. */
export async function parseFile(file: string): Promise<ParsedFile> {
  const text = await readText(file);
  const lines = new LineCounter();
  // `keepSourceTokens` stays off and the core schema on: nothing but text, numbers, booleans, null, lists and maps.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, version: '1.2' });
  const source = { file, document, lines };
  const errors = [...document.errors, ...document.warnings].map((error) => syntaxError(source, text, error));
  if (errors.length > 0) throw new UserErrors(errors);
  if (!isMap(document.contents)) {
    throw new UserError({
      code: 'recipe-syntax',
      kind: 'recipe',
      message: `${file} holds no recipe: a recipe is a map of keys such as version, name, model and data`,
      place: { file, line: 1, column: 1 },
      fix: 'start from recipes/quickstart.yaml; vauto schema prints every key',
    });
  }
  return { ...source, text, data: plainData(source) };
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.byteLength > MOST_BYTES)
      throw unreadable(file, `it is ${Math.round(bytes.byteLength / 1e6)} MB large, which no recipe is`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw unreadable(file, 'there is no such file');
    if (code === 'EISDIR') throw unreadable(file, 'it is a folder');
    if (code === 'EACCES') throw unreadable(file, 'this user may not read it');
    if (error instanceof TypeError) throw unreadable(file, 'it is not text in UTF-8');
    throw error;
  }
}

function unreadable(file: string, reason: string): UserError {
  return new UserError({
    code: 'recipe-unreadable',
    kind: 'usage',
    message: `cannot read the recipe ${file}: ${reason}`,
    fix: 'give the path of a YAML file, such as recipes/quickstart.yaml',
  });
}

function plainData(source: Source): Readonly<Record<string, unknown>> {
  try {
    return source.document.toJS({ maxAliasCount: MOST_ALIASES }) as Record<string, unknown>;
  } catch (error) {
    // An alias without its anchor, or too many aliases.
    if (!(error instanceof ReferenceError)) throw error;
    throw new UserError({
      code: 'recipe-syntax',
      kind: 'recipe',
      message: error.message,
      place: { file: source.file },
    });
  }
}

function syntaxError({ file, lines }: Source, text: string, error: YAMLError): UserError {
  const { line, col } = lines.linePos(error.pos[0]);
  const word = text.slice(error.pos[0]).match(/^[\w.!:/-]+/)?.[0] ?? '';
  const shown = { file, line: Math.max(1, line), column: Math.max(1, col) };
  const common = { kind: 'recipe', place: shown } as const;
  if (error.code === 'DUPLICATE_KEY') {
    const key = word.replace(/:$/, '');
    return new UserError({
      ...common,
      code: 'duplicate-key',
      message: `the key "${key}" stands here a second time`,
      fix: 'keep one of the two',
    });
  }
  if (error.code === 'TAG_RESOLVE_FAILED') {
    const message = `a recipe holds text, numbers, lists and maps; the tag ${word || 'here'} asks for something else`;
    return new UserError({
      ...common,
      code: 'recipe-tag',
      message,
      fix: 'remove the tag; no value of a recipe is code',
    });
  }
  return new UserError({ ...common, code: 'recipe-syntax', message: `not valid YAML: ${error.message}` });
}
