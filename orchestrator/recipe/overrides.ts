import { parseDocument } from 'yaml';
import { type Place, UserError } from '../errors.js';
import type { Path } from './place.js';
import { pathText } from './place.js';

/** `path=value` as `--set` takes it, with the place where it was written when that is another. */
export type Setting = string | { readonly text: string; readonly place: Place };

/** One `--set path=value`. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** Where it was written; for a flag, `--set #2` stands for the file name. */
  readonly place: Place;
}

/** Reads `--set` flags; values are YAML, so `8` is a number, `[a, b]` a list and `"8"` a text. */
export function parseOverrides(sets: readonly Setting[]): { overrides: Override[]; errors: UserError[] } {
  const overrides: Override[] = [];
  const errors: UserError[] = [];
  for (const [index, setting] of sets.entries()) {
    const { text, place } =
      typeof setting === 'string' ? { text: setting, place: { file: `--set #${index + 1}` } } : setting;
    try {
      overrides.push({ ...parseOverride(text, place), place });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      errors.push(error);
    }
  }
  return { overrides, errors };
}

/** The data with the overrides in it, in their order; a later one wins. */
export function applyOverrides(
  data: Readonly<Record<string, unknown>>,
  overrides: readonly Override[],
): { data: Record<string, unknown>; errors: UserError[] } {
  const errors: UserError[] = [];
  let result: unknown = data;
  for (const override of overrides) {
    try {
      result = put(result, override.path, override.value, 0, override);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      errors.push(error);
    }
  }
  return { data: result as Record<string, unknown>, errors };
}

/** The override that decides the value at `path`, if any: the last that set it or something around it. */
export function overrideOf(overrides: readonly Override[], path: Path): Override | undefined {
  return overrides.findLast((override) => override.path.every((part, depth) => String(path[depth]) === String(part)));
}

function parseOverride(text: string, place: Place): { path: Path; value: unknown } {
  const equals = text.indexOf('=');
  const wrong = (message: string) =>
    new UserError({
      code: 'invalid-override',
      kind: 'usage',
      message,
      place,
      fix: 'write --set path=value, such as --set train.steps=20',
    });
  if (equals < 1) throw wrong(`"${text}" sets nothing`);
  const path = parsePath(text.slice(0, equals).trim());
  if (path === undefined) throw wrong(`"${text.slice(0, equals)}" is no path of a recipe`);
  const document = parseDocument(text.slice(equals + 1), { prettyErrors: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) throw wrong(`the value of ${pathText(path)} is not valid YAML: ${problem.message}`);
  return { path, value: document.toJS() as unknown };
}

/** `data.train[0].limit` or `data.train.0.limit`. */
function parsePath(text: string): Path | undefined {
  const parts = text.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  if (parts.some((part) => !/^[A-Za-z0-9_-]+$/.test(part) || part === '__proto__')) return undefined;
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function put(target: unknown, path: Path, value: unknown, depth: number, override: Override): unknown {
  const part = path[depth];
  if (part === undefined) return value;
  if (Array.isArray(target)) return putIntoList(target, path, value, depth, override);
  if (target !== undefined && target !== null && typeof target !== 'object') {
    throw misplaced(
      override,
      `${pathText(path.slice(0, depth))} is ${JSON.stringify(target)}, which has no parts to set`,
    );
  }
  const map = (target ?? {}) as Record<string, unknown>;
  return { ...map, [part]: put(map[part], path, value, depth + 1, override) };
}

function putIntoList(
  list: readonly unknown[],
  path: Path,
  value: unknown,
  depth: number,
  override: Override,
): unknown[] {
  const part = path[depth];
  // One past the end adds an entry.
  if (typeof part !== 'number' || part > list.length) {
    const named = pathText(path.slice(0, depth));
    throw misplaced(
      override,
      `${named} is a list of ${list.length}; "${part}" is no place in it, give a number from 0 to ${list.length}`,
    );
  }
  const copy = [...list];
  copy[part] = put(copy[part], path, value, depth + 1, override);
  return copy;
}

function misplaced(override: Override, message: string): UserError {
  return new UserError({
    code: 'invalid-override',
    kind: 'usage',
    message,
    place: { ...override.place, path: pathText(override.path) },
  });
}
