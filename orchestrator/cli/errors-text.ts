import { readFileSync, statSync } from 'node:fs';
import { formatByEnding } from '../data/index.js';
import type { ErrorKind, Place, UserError } from '../errors.js';

/** Exit status by kind of failure. */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  check: 1,
  usage: 2,
  recipe: 2,
  data: 2,
  dependency: 3,
  environment: 3,
  interrupted: 130,
};

/** Status of a set of errors: the first one's. */
export function exitStatus(errors: readonly UserError[]): number {
  return STATUS[errors[0]?.kind ?? 'usage'];
}

/** `file:line:column`, as far as it is known. */
export function placeText({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** Errors for people: place, what is wrong, the line with a mark under it, what to write instead; the number of problems last. */
export function errorsText(errors: readonly UserError[]): string {
  const blocks = errors.map(errorText);
  const recipe = errors.every(({ kind }) => kind === 'recipe' || kind === 'data' || kind === 'usage');
  if (errors.length > 1) blocks.push(`${errors.length} problems${recipe ? ', nothing was started' : ''}.`);
  return `${blocks.join('\n')}\n`;
}

/** One error as JSON: the one shape that every `--json` command prints. */
export function errorJson({ code, message, place, fix }: UserError): Record<string, unknown> {
  const { file, line, column, path } = place ?? {};
  return { code, message, file, line, column, path, fix };
}

/** `{"error": …}`, and with several problems `errors` with all of them. */
export function errorsJson(errors: readonly UserError[]): Record<string, unknown> {
  const all = errors.map(errorJson);
  return { error: all[0], ...(all.length > 1 ? { errors: all } : {}) };
}

function errorText(error: UserError): string {
  const { place, fix, message } = error;
  const head = place ? `${placeText(place)}  ${message}` : error.kind === 'interrupted' ? message : `error: ${message}`;
  return [head, ...(place ? excerpt(place) : []), ...(fix === undefined ? [] : [`      ${fix}`])].join('\n');
}

/** Longest part of a line that is shown. */
const EXCERPT_WIDTH = 100;
/** A larger file is not read again for one line of it. */
const MOST_BYTES = 8_000_000;

function excerpt({ file, line, column }: Place): string[] {
  if (line === undefined || column === undefined) return [];
  const text = lineOf(file, line);
  if (text === undefined || text.trim() === '') return [];
  // A long line is shown around the mark.
  const from = column > EXCERPT_WIDTH - 20 ? column - 40 : 0;
  const shown = text.slice(from, from + EXCERPT_WIDTH).replaceAll('\t', ' ');
  const rest = text.slice(column - 1);
  const marked = /^(?:"[^"]*"|'[^']*'|[\w.-]+)/.exec(rest)?.[0].length ?? 1;
  const length = Math.max(1, Math.min(marked, from + EXCERPT_WIDTH - column + 1));
  const number = String(line).padStart(5);
  return [
    `${number} | ${shown}`,
    `${' '.repeat(number.length)} | ${' '.repeat(Math.max(0, column - 1 - from))}${'^'.repeat(length)}`,
  ];
}

function lineOf(file: string, line: number): string | undefined {
  try {
    if (formatByEnding(file) !== 'jsonl' || statSync(file).size > MOST_BYTES) return undefined;
    return readFileSync(file, 'utf8').split('\n')[line - 1]?.replace(/\r$/, '');
  } catch {
    // An override (`--set #1`), or a file that is gone by now: the place alone must do.
    return undefined;
  }
}
