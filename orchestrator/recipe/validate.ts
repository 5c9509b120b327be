import { z } from 'zod';
import type { Problem } from './finder.js';
import { type Path, pathText } from './place.js';
import { type Recipe, recipeSchema } from './schema.js';
import { nearest, suggestion } from './suggest.js';

export interface Validation {
  /** The recipe when every key is right. */
  readonly recipe: Recipe | undefined;
  /** The sections that are right, for the rules that join them. */
  readonly sections: Partial<Recipe>;
  readonly problems: readonly Problem[];
}

/** Checks data against the schema; finds all problems, not only the first. */
export function validate(data: Readonly<Record<string, unknown>>): Validation {
  // An empty message means that the schema has no sentence of its own for the problem.
  const result = recipeSchema.safeParse(data, { error: () => '' });
  if (result.success) return { recipe: result.data, sections: result.data, problems: [] };
  const sections: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(recipeSchema.shape)) {
    const section = (schema as z.ZodType).safeParse(data[key]);
    if (section.success) sections[key] = section.data;
  }
  return {
    recipe: undefined,
    sections: sections as Partial<Recipe>,
    problems: result.error.issues.flatMap((issue) => describe(issue, data)),
  };
}

function describe(issue: z.core.$ZodIssue, data: unknown): Problem[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key]));
  const value = valueAt(data, path);
  const name = pathText(path) || 'the recipe';
  if (value === undefined) {
    const parent = path.slice(0, -1);
    const inside = parent.length === 0 ? 'the recipe' : pathText(parent);
    return [
      {
        code: 'missing-key',
        path,
        atKey: true,
        message: `${name} is missing`,
        fix: `add ${String(path.at(-1))} to ${inside}: ${wanted(issue)}`,
      },
    ];
  }
  const message = `${name} is ${show(value)}; ${issue.message || wanted(issue)}`;
  if (issue.code !== 'invalid_value') return [{ code: 'invalid-value', path, message }];
  const allowed = issue.values.map(String);
  return [
    {
      code: 'invalid-value',
      path,
      message: `${name} is ${show(value)}`,
      fix: typeof value === 'string' ? suggestion(value, allowed) : wanted(issue),
    },
  ];
}

function unknownKey(path: Path): Problem {
  const parent = path.slice(0, -1);
  const inside = parent.length === 0 ? 'a recipe' : pathText(parent);
  return {
    code: 'unknown-key',
    path,
    atKey: true,
    message: `${pathText(path)} is not a key of ${inside}`,
    fix: keyAdvice(String(path.at(-1)), keysAt(parent)),
  };
}

/** The nearest key here; failing that, a key of the same name in another section. */
function keyAdvice(key: string, allowed: readonly string[]): string {
  if (nearest(key, allowed) !== undefined) return suggestion(key, allowed);
  const elsewhere = Object.keys(recipeSchema.shape).find((section) => nearest(key, keysAt([section])) !== undefined);
  if (elsewhere === undefined) return suggestion(key, allowed);
  return `did you mean ${elsewhere}.${nearest(key, keysAt([elsewhere]))}? ${suggestion(key, allowed)}`;
}

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

/** What the schema asks for, in words. */
function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `${KINDS[issue.expected] ?? issue.expected} is needed`;
  if (issue.code === 'invalid_value') return `allowed: ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small')
    return limit(issue.inclusive === false ? 'above' : 'at least', issue.minimum, issue.origin);
  if (issue.code === 'too_big')
    return limit(issue.inclusive === false ? 'below' : 'at most', issue.maximum, issue.origin);
  return 'text, numbers, true, false, null, lists and maps are allowed';
}

function limit(bound: string, value: number | bigint, origin: string): string {
  if (origin === 'string') return value === 1 ? 'it must not be empty' : `${bound} ${value} characters are allowed`;
  if (origin === 'array') return `${bound} ${value} entries are needed`;
  return `it must be ${bound} ${value}`;
}

/** The value as a person would quote it. */
function show(value: unknown): string {
  if (value === null) return 'empty';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…"`;
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | null | undefined)?.[part],
    data,
  );
}

/** Names that the schema knows at a path. */
export function keysAt(path: Path): string[] {
  let schema: z.core.$ZodType | undefined = recipeSchema;
  for (const part of path) {
    const inner = unwrap(schema);
    if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodObject) schema = inner.shape[part];
    else return [];
  }
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional)
    inner = inner.def.innerType;
  return inner;
}
