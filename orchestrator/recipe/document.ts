import { readFile } from 'node:fs/promises';
import { isMap, isSeq, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { UserError, UserErrors } from '../errors.js';
import type { Source } from './place.js';

/** A recipe is a page of text; anything this large is another kind of file. */
const MOST_BYTES = 1_000_000;
/** Against documents whose aliases multiply into gigabytes. */
const MOST_ALIASES = 100;

export interface ParsedFile<Data> extends Source {
  readonly text: string;
  /** The document as plain data. */
  readonly data: Data;
}

/** What a file must be. */
interface Kind {
  /** Such as `recipe`, with its article. */
  readonly noun: string;
  readonly root: 'map' | 'list';
  readonly about: string;
  readonly fix: string;
  readonly example: string;
}

const RECIPE: Kind = {
  noun: 'a recipe',
  root: 'map',
  about: 'a recipe is a map of keys such as version, name, model and data',
  fix: 'start from recipes/quickstart.yaml; vauto schema prints every key',
  example: 'recipes/quickstart.yaml',
};
const VARIANTS: Kind = {
  noun: 'a list of variants',
  root: 'list',
  about: 'it is a list of maps with the keys name and set',
  fix: 'start from recipes/ablation.variants.yaml',
  example: 'recipes/ablation.variants.yaml',
};

/** Reads a recipe as plain data with places; tags that would make objects of code are errors, as is all that YAML warns of. */
export async function parseFile(file: string): Promise<ParsedFile<Readonly<Record<string, unknown>>>> {
  return (await parseAs(file, RECIPE)) as ParsedFile<Readonly<Record<string, unknown>>>;
}

/** Reads the list of variants of a matrix in the same way. */
export async function parseVariantsFile(file: string): Promise<ParsedFile<readonly unknown[]>> {
  return (await parseAs(file, VARIANTS)) as ParsedFile<readonly unknown[]>;
}

async function parseAs(file: string, kind: Kind): Promise<ParsedFile<unknown>> {
  const text = await readText(file, kind);
  const lines = new LineCounter();
  // `keepSourceTokens` stays off and the core schema on: nothing but text, numbers, booleans, null, lists and maps.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, version: '1.2' });
  const source = { file, document, lines };
  const errors = [...document.errors, ...document.warnings].map((error) => syntaxError(source, text, error, kind));
  if (errors.length > 0) throw new UserErrors(errors);
  const { contents } = document;
  if (!(kind.root === 'map' ? isMap(contents) : isSeq(contents))) {
    throw new UserError({
      code: 'recipe-syntax',
      kind: 'recipe',
      message: `${file} holds no ${bare(kind.noun)}: ${kind.about}`,
      place: { file, line: 1, column: 1 },
      fix: kind.fix,
    });
  }
  return { ...source, text, data: plainData(source) };
}

async function readText(file: string, kind: Kind): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.byteLength > MOST_BYTES)
      throw unreadable(
        file,
        kind,
        `it is ${Math.round(bytes.byteLength / 1e6)} MB large, which no ${bare(kind.noun)} is`,
      );
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw unreadable(file, kind, 'there is no such file');
    if (code === 'EISDIR') throw unreadable(file, kind, 'it is a folder');
    if (code === 'EACCES') throw unreadable(file, kind, 'this user may not read it');
    if (error instanceof TypeError) throw unreadable(file, kind, 'it is not text in UTF-8');
    throw error;
  }
}

function bare(noun: string): string {
  return noun.replace(/^an? /, '');
}

function unreadable(file: string, { noun, example }: Kind, reason: string): UserError {
  return new UserError({
    code: 'recipe-unreadable',
    kind: 'usage',
    message: `cannot read the ${bare(noun)} ${file}: ${reason}`,
    fix: `give the path of a YAML file, such as ${example}`,
  });
}

function plainData(source: Source): unknown {
  try {
    return source.document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
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

function syntaxError({ file, lines }: Source, text: string, error: YAMLError, { noun }: Kind): UserError {
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
    const message = `${noun} holds text, numbers, lists and maps; the tag ${word || 'here'} asks for something else`;
    return new UserError({
      ...common,
      code: 'recipe-tag',
      message,
      fix: `remove the tag; no value of ${noun} is code`,
    });
  }
  return new UserError({ ...common, code: 'recipe-syntax', message: `not valid YAML: ${error.message}` });
}
