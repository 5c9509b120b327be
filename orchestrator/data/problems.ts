import { UserError } from '../errors.js';
import type { ReadSource } from './read.js';
import type { Rejected } from './source.js';

/** As many bad rows of a source are listed; the rest is a number. */
const LISTED = 20;

/** A rejected row as an error with its place. */
export function rowError({ code, file, line, column, key, reason, fix }: Rejected): UserError {
  const place = {
    file,
    line,
    ...(column === undefined ? {} : { column }),
    ...(key === undefined ? {} : { path: key }),
  };
  return new UserError({ code, kind: 'data', message: reason, place, ...(fix === undefined ? {} : { fix }) });
}

/** Why a source cannot be used: it is no file, more bad rows than may be left out, too few good ones. */
export function sourceErrors({ spec, file, rows, rejected, unreadable }: ReadSource): UserError[] {
  if (unreadable) return [unreadable];
  const { minimum = 1 } = spec;
  // Rows that are errors by themselves are not missing ones, too.
  const count = rows.length + rejected.length;
  if (leavesOut(spec, rejected.length, count))
    return rows.length >= minimum ? [] : [tooFew(file, minimum, rows.length, rejected.length)];
  const listed = rejected.slice(0, LISTED).map(rowError);
  const more = rejected.length - listed.length;
  return [
    ...listed,
    ...(more > 0 ? [moreRows(file, more)] : []),
    ...(rejected.length > 0 && spec.maxRejected ? [tooMany(file, rejected.length, count, spec.maxRejected)] : []),
    ...(count < minimum ? [tooFew(file, minimum, count, 0)] : []),
  ];
}

/** Whether a source goes on without its bad rows. */
function leavesOut({ onError, maxRejected = 0 }: ReadSource['spec'], rejected: number, count: number): boolean {
  if (onError === 'skip') return true;
  return rejected > 0 && (maxRejected < 1 ? rejected / count : rejected) <= maxRejected;
}

function tooMany(file: string, rejected: number, count: number, most: number): UserError {
  return new UserError({
    code: 'too-many-rejected',
    kind: 'data',
    message: `${rejected} of ${count} rows cannot be used; maxRejected is ${most}`,
    place: { file },
    fix: 'mend them, or raise maxRejected',
  });
}

function moreRows(file: string, more: number): UserError {
  return new UserError({
    code: 'more-bad-rows',
    kind: 'data',
    message: `${more} more rows cannot be used`,
    place: { file },
    fix: `vauto data check ${file} lists all of them; onError: skip leaves them out`,
  });
}

function tooFew(file: string, minimum: number, rows: number, skipped: number): UserError {
  const common = { kind: 'data', place: { file } } as const;
  if (rows + skipped === 0) {
    const fix = 'write one question a line, as JSON';
    return new UserError({ ...common, code: 'empty-dataset', message: `${file} holds no rows`, fix });
  }
  const message = `${file} has ${rows} usable rows, at least ${minimum} are needed`;
  const fix = 'complete the download, mend the rows that were skipped, or lower minimum';
  return new UserError({ ...common, code: 'too-few-rows', message, fix });
}
