import { parse } from 'yaml';
import { UserError } from '../../errors.js';
import type { Setting, Variant } from '../../recipe/index.js';
import { suggestion } from '../../recipe/suggest.js';

/** One recipe of a matrix. */
export interface Cell {
  /** Name of its variant; null without variants. */
  readonly variant: string | null;
  /** Values by the path that is varied. */
  readonly values: Readonly<Record<string, unknown>>;
  /** What makes this recipe of the common one, in this order. */
  readonly sets: readonly Setting[];
  /** End of the run's name: `fallback-0.3_steps-20`. */
  readonly suffix: string;
}

const MOST_CELLS = 1000;

/**
 * Every combination of the variants and of `path=value,value,…`, the last path varying fastest. Throws UserError for what is
 * no such list.
 */
export function matrixCells(varied: readonly string[], variants: readonly Variant[] = []): Cell[] {
  const axes = varied.map(parseAxis);
  if (axes.length + variants.length === 0) throw wrong('nothing is varied', 'give --vary path=values, or --variants');
  const size = axes.reduce((product, { values }) => product * values.length, Math.max(1, variants.length));
  if (size > MOST_CELLS) throw wrong(`${size} runs are more than ${MOST_CELLS}`, 'vary less at a time');
  for (const [index, { path }] of axes.entries()) {
    if (axes.findIndex((axis) => axis.path === path) !== index)
      throw wrong(`--vary ${path} stands there twice`, 'give all its values in one list');
    const variant = variants.find(({ paths }) => paths.includes(path));
    if (variant !== undefined)
      throw wrong(`--vary ${path}: the variant ${variant.name} sets it, too`, 'set it in one of the two places');
  }
  const combinations = axes.reduce<[string, unknown][][]>(
    (cells, { path, values }) =>
      cells.flatMap((cell) => values.map((value) => [...cell, [path, value] as [string, unknown]])),
    [[]],
  );
  return (variants.length === 0 ? [undefined] : variants).flatMap((variant) =>
    combinations.map((pairs) => cellOf(variant, pairs)),
  );
}

/** Cells that differ in nothing but the path that is averaged over, in their order. */
export function groupCells<Item extends { readonly cell: Cell }>(items: readonly Item[], over: string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = JSON.stringify([item.cell.variant, { ...item.cell.values, [over]: undefined }]);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

/** Throws UserError when what is to be averaged over is not varied. */
export function checkOver(over: string | undefined, cells: readonly Cell[]): void {
  const paths = Object.keys(cells[0]?.values ?? {});
  if (over === undefined || paths.includes(over)) return;
  const fix = paths.length === 0 ? `add --vary ${over}=…` : suggestion(over, paths);
  throw wrong(`--over ${over}: no --vary gives values of it`, fix);
}

function cellOf(variant: Variant | undefined, pairs: readonly [string, unknown][]): Cell {
  const names = pairs.map(([path, value]) => `${path.split('.').at(-1)}-${nameOf(value)}`);
  return {
    variant: variant?.name ?? null,
    values: Object.fromEntries(pairs),
    sets: [
      ...(variant?.sets ?? []),
      ...pairs.map(([path, value]) => ({
        text: `${path}=${JSON.stringify(value)}`,
        place: { file: `--vary ${path}` },
      })),
    ],
    suffix: [...(variant === undefined ? [] : [variant.name]), ...names].join('_'),
  };
}

function parseAxis(text: string): { path: string; values: readonly unknown[] } {
  const equals = text.indexOf('=');
  const [path, list] = [text.slice(0, equals), text.slice(equals + 1).trim()];
  if (equals < 1 || list === '') throw wrong(`--vary ${text} has no values`, 'write --vary reward.fallback=0,0.3');
  let values: unknown;
  try {
    values = parse(list.startsWith('[') ? list : `[${list}]`);
  } catch {
    values = undefined;
  }
  if (!Array.isArray(values) || values.length === 0 || values.includes(undefined))
    throw wrong(`--vary ${text}: the values are no list`, 'separate them by commas, or write a YAML list');
  return { path, values };
}

function nameOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/[^A-Za-z0-9.-]+/g, '-');
}

function wrong(message: string, fix: string): UserError {
  return new UserError({ code: 'usage', kind: 'usage', message, fix });
}
