import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { rowError } from '../data/index.js';
import { UserError } from '../errors.js';
import { type Imported, importRows } from '../pipeline/import-rows.js';
import { errorJson, errorsText } from './errors-text.js';
import { createInterrupt } from './interrupt.js';
import { printJson, printText } from './output.js';

export interface ImportFlags {
  readonly out: string;
  readonly root?: string;
  readonly maxRejected: string;
  readonly json?: boolean;
}

/** `vauto data import`: manifests of any format → one of JSON Lines. Returns the exit status: 1 when too many rows cannot be used. */
export async function importData(files: readonly string[], flags: ImportFlags): Promise<number> {
  const { out, root } = flags;
  const stem = /^(.*[^/\\])\.jsonl(\.gz)?$/.exec(out)?.[1];
  if (stem === undefined) throw usage(`--out is "${out}"; a name that ends in .jsonl or .jsonl.gz is needed`);
  refuseUnwritable(out);
  if (root !== undefined && !isFolder(root)) throw usage(`--root is "${root}", which is no folder`);
  const same = files.find((file) => realFile(file) === realFile(out));
  if (same !== undefined) throw usage(`--out is ${same}, which is read`);
  const allows = limitOf(flags.maxRejected);
  const rejectedOut = `${stem}.rejected.jsonl`;
  const interrupt = createInterrupt(undefined, `${out} is not written`);
  try {
    const { signal } = interrupt;
    const done = await importRows({ files, out, rejectedOut, ...(root === undefined ? {} : { root }), allows, signal });
    const result = { out: done.written ? out : null, rejectedOut: done.rejected > 0 ? rejectedOut : null };
    if (flags.json) printJson({ ...result, ...counts(done), first: done.first.map((row) => errorJson(rowError(row))) });
    else printText(summary(done, out, rejectedOut, flags.maxRejected));
    return done.written ? 0 : 1;
  } finally {
    interrupt.dispose();
  }
}

function counts({ files, prompts, rejected }: Imported) {
  // Media are looked for only: how many different ones there are is not known.
  return { prompts, rejected, files: files.map(({ media: _media, ...file }) => file) };
}

/** "12" rows, or "1%" of them. */
function limitOf(text: string): (rejected: number, rows: number) => boolean {
  const [, number = '', percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const limit = Number(number);
  if (number === '' || (percent === '' ? !Number.isInteger(limit) : limit > 100))
    throw usage(`--max-rejected is "${text}"; a number of rows or a share such as 1% is needed`);
  return percent === '' ? (rejected) => rejected <= limit : (rejected, rows) => rejected * 100 <= limit * rows;
}

function summary({ prompts, rejected, first, written, files }: Imported, out: string, list: string, limit: string) {
  const from = files.length === 1 ? files[0]?.path : `${files.length} files`;
  const head = written ? `${prompts} rows of ${from} are in ${out}\n` : '';
  if (rejected === 0) return head;
  const shown = first.map((row) => errorsText([rowError(row)])).join('');
  const more = rejected - first.length;
  const rest = more > 0 ? `… and ${more} more\n` : '';
  const end = written ? '' : `${out} is not written: ${prompts} rows could be used, at most ${limit} may be rejected\n`;
  return `${head}${rejected} ${rejected === 1 ? 'row was' : 'rows were'} rejected, listed in ${list}\n\n${shown}${rest}${end}`;
}

/** Told before the long work, not after it. */
function refuseUnwritable(out: string): void {
  const folder = dirname(resolve(out));
  if (!isFolder(folder)) throw usage(`--out is "${out}", but there is no folder ${folder}`);
  if (isFolder(out)) throw usage(`--out is "${out}", which is a folder`);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw usage(`--out is "${out}", but ${folder} cannot be written to`);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function realFile(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return resolve(file);
  }
}

function usage(message: string): UserError {
  return new UserError({ code: 'usage', kind: 'usage', message, fix: 'see vauto data import --help' });
}
