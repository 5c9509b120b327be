import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
} from 'yaml';
import type { Place } from '../errors.js';

/** Keys and list positions from the top of the document. */
export type Path = readonly (string | number)[];

/** A place in the recipe, and where the text was written when the place only refers to it by an alias. */
export interface Located {
  readonly place: Place;
  /** False when the path is not written in the file: the place is the nearest thing above it. */
  readonly found: boolean;
  readonly written?: { readonly line: number; readonly alias: string };
}

/** A parsed recipe file. */
export interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** `data.train[0].path`. */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/**
 * Where a path stands in the file: its value, or with `key` its key. A path that is not there gives the nearest thing
 * above it. A value behind an alias is placed where the alias stands.
 */
export function locate(source: Source, path: Path, what: 'key' | 'value' = 'value'): Located {
  const walk = walkTo(source.document, path, what);
  const offset = walk.alias?.offset ?? walk.offset;
  const { line, col } = source.lines.linePos(offset);
  const place = { file: source.file, line: Math.max(1, line), column: Math.max(1, col), path: pathText(path) };
  const { found } = walk;
  if (walk.alias === undefined) return { place, found };
  return { place, found, written: { line: source.lines.linePos(walk.offset).line, alias: walk.alias.name } };
}

interface Walk {
  offset: number;
  found: boolean;
  /** The first alias on the way. */
  alias?: { offset: number; name: string };
}

function walkTo(document: Document, path: Path, what: 'key' | 'value'): Walk {
  const walk: Walk = { offset: offsetOf(document.contents) ?? 0, found: true };
  let node: unknown = document.contents;
  for (const [depth, part] of path.entries()) {
    const step = stepInto(node, part, document);
    if (step === undefined) return { ...walk, found: false };
    const last = depth === path.length - 1;
    walk.offset =
      (last && what === 'key' ? offsetOf(step.key) : offsetOf(step.value)) ?? offsetOf(step.key) ?? walk.offset;
    if (last && what === 'key') return walk;
    node = follow(step.value, document, walk);
  }
  return walk;
}

interface Step {
  readonly key: unknown;
  readonly value: unknown;
}

function stepInto(node: unknown, part: string | number, document: Document): Step | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(part)];
    return value === undefined ? undefined : { key: value, value };
  }
  if (!isMap(node)) return undefined;
  const own = node.items.find((pair) => keyText(pair) === String(part));
  if (own) return { key: own.key, value: own.value ?? own.key };
  // `<<: *base` brings keys in from elsewhere: the place is where they were written.
  for (const pair of node.items.filter((item) => keyText(item) === '<<')) {
    const merged = isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const item of merged) {
      const found = stepInto(isAlias(item) ? item.resolve(document) : item, part, document);
      if (found) return found;
    }
  }
  return undefined;
}

function follow(value: unknown, document: Document, walk: Walk): unknown {
  if (!isAlias(value)) return value;
  walk.alias ??= { offset: offsetOf(value) ?? walk.offset, name: value.source };
  const target = value.resolve(document);
  walk.offset = offsetOf(target) ?? walk.offset;
  return target;
}

function keyText(pair: Pair): string {
  const key = isScalar(pair.key) ? pair.key.value : pair.key;
  // yaml makes a symbol of the merge key.
  return typeof key === 'symbol' ? (key.description ?? '') : String(key);
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? (node as Node).range?.[0] : undefined;
}
