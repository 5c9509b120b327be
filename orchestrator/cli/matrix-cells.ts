import { parse } from 'yaml';
import { UserError } from '../errors.js';

/** One recipe of a matrix. */
export interface Cell {
  /** Values by the path that is varied. */
  readonly values: Readonly<Record<string, unknown>>;
  /** As `--set` takes them. */
  readonly sets: readonly string[];
  /** End of the run's name: `fallback-0.3_steps-20`. */
  readonly suffix: string;
}

const MOST_CELLS = 1000;

/** Every combination of `path=value,value,…`, the last path varying fastest. Throws UserError for what is no such list. */
export function matrixCells(varied: readonly string[]): Cell[] {
  const axes = varied.map(parseAxis);
  const size = axes.reduce((product, { values }) => product * values.length, 1);
  if (size > MOST_CELLS) throw wrong(`${size} runs are more than ${MOST_CELLS}`, 'vary less at a time');
  const twice = axes.find(({ path }, index) => axes.findIndex((axis) => axis.path === path) !== index);
  if (twice !== undefined) throw wrong(`--vary ${twice.path} stands there twice`, 'give all its values in one list');
  return axes
    .reduce<[string, unknown][][]>(
      (cells, { path, values }) =>
        cells.flatMap((cell) => values.map((value) => [...cell, [path, value] as [string, unknown]])),
      [[]],
    )
    .map((pairs) => ({
      values: Object.fromEntries(pairs),
      sets: pairs.map(([path, value]) => `${path}=${JSON.stringify(value)}`),
      suffix: pairs.map(([path, value]) => `${path.split('.').at(-1)}-${nameOf(value)}`).join('_'),
    }));
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
