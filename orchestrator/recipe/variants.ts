import { z } from 'zod';
import { UserError, UserErrors } from '../errors.js';
import { parseVariantsFile } from './document.js';
import type { Setting } from './overrides.js';
import { locate, type Path, pathText, type Source } from './place.js';
import { suggestion } from './suggest.js';

/** One way to set several values of a recipe at once. */
export interface Variant {
  /** Part of the names of its runs. */
  readonly name: string;
  /** Paths that it sets, as they are written. */
  readonly paths: readonly string[];
  readonly sets: readonly Setting[];
}

const variantSchema = z.strictObject(
  {
    name: z
      .string({ error: 'a name is needed: a text' })
      .regex(
        /^[A-Za-z0-9][\w.-]{0,63}$/,
        'a name is made of letters, digits and .-_ (64 at most): runs are named after it',
      ),
    set: z.record(z.string(), z.unknown(), {
      error: 'a map of paths and values is needed, such as {reward.first: 0.9}',
    }),
  },
  { error: 'a variant is a map with the keys name and set' },
);
const KEYS = Object.keys(variantSchema.shape);

/**
 * Reads a list of variants: `[{name, set: {path: value, …}}, …]`. Throws UserErrors with all problems of the file at once;
 * whether the recipe has such paths is seen when the settings are applied to it, which then gives these places.
 */
export async function loadVariants(file: string): Promise<Variant[]> {
  const source = await parseVariantsFile(file);
  const errors: UserError[] = [];
  const variants = source.data.flatMap((item, index): Variant[] => {
    const result = variantSchema.safeParse(item);
    if (result.success) return [variantOf(source, index, result.data)];
    errors.push(...result.error.issues.flatMap((issue) => problemsOf(source, index, issue)));
    return [];
  });
  if (source.data.length === 0)
    errors.push(wrong(source, [], `${file} has no variant`, 'add one: {name: …, set: {…}}'));
  errors.push(...repeated(source, source.data));
  if (errors.length > 0) throw new UserErrors(errors.sort((a, b) => orderOf(a) - orderOf(b)));
  return variants;
}

function variantOf(source: Source, index: number, { name, set }: z.infer<typeof variantSchema>): Variant {
  const sets = Object.entries(set).map(([path, value]) => ({
    text: `${path}=${JSON.stringify(value)}`,
    place: locate(source, [index, 'set', path], 'key').place,
  }));
  return { name, paths: Object.keys(set), sets };
}

function problemsOf(source: Source, index: number, issue: z.core.$ZodIssue): UserError[] {
  const path: Path = [index, ...(issue.path as Path)];
  if (issue.code !== 'unrecognized_keys') return [wrong(source, path, `${pathText(path)}: ${issue.message}`)];
  return issue.keys.map((key) =>
    wrong(source, [...path, key], `${key} is not a key of a variant`, suggestion(key, KEYS), 'key'),
  );
}

/** Names that an earlier variant has. */
function repeated(source: Source, items: readonly unknown[]): UserError[] {
  const names = items.map((item) => (item as { name?: unknown } | null)?.name);
  return names.flatMap((name, index) =>
    typeof name === 'string' && names.indexOf(name) < index
      ? [wrong(source, [index, 'name'], `two variants are named ${name}`, 'give each a name of its own')]
      : [],
  );
}

/** By line, then column. */
function orderOf({ place }: UserError): number {
  return (place?.line ?? 0) * 1e6 + (place?.column ?? 0);
}

function wrong(source: Source, path: Path, message: string, fix?: string, what: 'key' | 'value' = 'value'): UserError {
  const { place } = locate(source, path, what);
  return new UserError({
    code: 'invalid-variant',
    kind: 'recipe',
    message,
    place,
    ...(fix === undefined ? {} : { fix }),
  });
}
