import { stat } from 'node:fs/promises';
import { UserError, UserErrors } from '../errors.js';
import type { ProblemType, Prompt } from '../records/index.js';
import { MediaHasher } from './media.js';
import { nameOf, shownPath } from './name.js';
import { isRejected, type Rejected, type SourceContext, type SourceSpec } from './source.js';
import { sources } from './sources/index.js';

/** As many bad rows are listed; the rest is a number. */
const LISTED = 20;

export interface LoadContext {
  /** Absolute path of something that a spec names. */
  resolve(path: string): string;
  /** File that keeps media hashes between runs. */
  readonly hashCache?: string;
  readonly signal?: AbortSignal;
}

/** How many rows of one spec are what. */
export interface SourceCounts {
  readonly name: string;
  readonly path: string;
  readonly prompts: number;
  readonly rejected: number;
  readonly byType: Readonly<Partial<Record<ProblemType, number>>>;
  readonly byModality: Readonly<Partial<Record<Prompt['modality'], number>>>;
  /** Different media files. */
  readonly media: number;
}

export interface LoadedPrompts {
  readonly prompts: Prompt[];
  /** Bad rows of specs with `onError: skip`. */
  readonly rejected: Rejected[];
  readonly counts: SourceCounts[];
}

/**
 * Reads the prompts of one set, in the order of specs and rows. Bad rows of `fail` specs, empty sources and sources below
 * their minimum are collected over all specs and thrown together as UserErrors.
 */
export async function loadPrompts(specs: readonly SourceSpec[], context: LoadContext): Promise<LoadedPrompts> {
  const hasher = await MediaHasher.open(context.hashCache);
  const read: ReadSpec[] = [];
  try {
    for (const spec of specs) read.push(await readSpec(spec, { ...context, hasher }));
  } finally {
    await hasher.save();
  }
  const errors = read.flatMap((one) => specErrors(one, shownPath(context.resolve(one.spec.path))));
  if (errors.length > 0) throw new UserErrors(errors);
  return {
    prompts: read.flatMap(({ prompts }) => prompts),
    rejected: read.flatMap(({ rejected }) => rejected),
    counts: read.map(({ spec, prompts, rejected }) => countsOf(spec, prompts, rejected)),
  };
}

interface ReadSpec {
  readonly spec: SourceSpec;
  readonly prompts: Prompt[];
  readonly rejected: Rejected[];
}

async function readSpec(spec: SourceSpec, context: SourceContext): Promise<ReadSpec> {
  const source = sources[spec.source];
  if (source === undefined) throw unknownSource(spec);
  await checkReadable(spec, context);
  const prompts: Prompt[] = [];
  const rejected: Rejected[] = [];
  for await (const item of source.load(spec, context)) {
    if (isRejected(item)) rejected.push(item);
    else prompts.push(item);
    if (prompts.length === spec.limit) break;
  }
  return { spec, prompts, rejected };
}

async function checkReadable({ path }: SourceSpec, context: SourceContext): Promise<void> {
  const file = context.resolve(path);
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  });
  if (info?.isFile()) return;
  const message = info ? `${path} is a folder; a manifest is a file` : `there is no manifest ${file}`;
  throw new UserError({
    code: 'missing-manifest',
    kind: 'data',
    message,
    place: { file: path },
    fix: 'give the path of a JSON Lines file',
  });
}

function unknownSource({ source, path }: SourceSpec): UserError {
  const fix = `allowed: ${Object.keys(sources).join(', ')}`;
  return new UserError({
    code: 'unknown-source',
    kind: 'data',
    message: `there is no source "${source}"`,
    place: { file: path },
    fix,
  });
}

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

/** Why a spec cannot be used: its bad rows unless they are skipped, and too few good ones. */
function specErrors({ spec, prompts, rejected }: ReadSpec, path: string): UserError[] {
  const { minimum = 1, onError } = spec;
  if (onError === 'skip')
    return prompts.length >= minimum ? [] : [tooFew(path, minimum, prompts.length, rejected.length)];
  const listed = rejected.slice(0, LISTED).map(rowError);
  const more = rejected.length - listed.length;
  // Rows that are errors by themselves are not missing ones, too.
  const rows = prompts.length + rejected.length;
  return [
    ...listed,
    ...(more > 0 ? [moreRows(path, more)] : []),
    ...(rows < minimum ? [tooFew(path, minimum, rows, 0)] : []),
  ];
}

function moreRows(path: string, more: number): UserError {
  const fix = `vauto data check ${path} lists all of them; onError: skip leaves them out`;
  return new UserError({
    code: 'more-bad-rows',
    kind: 'data',
    message: `${more} more rows cannot be used`,
    place: { file: path },
    fix,
  });
}

function tooFew(path: string, minimum: number, rows: number, skipped: number): UserError {
  const common = { kind: 'data', place: { file: path } } as const;
  if (rows + skipped === 0) {
    const fix = 'write one question a line, as JSON';
    return new UserError({ ...common, code: 'empty-dataset', message: `${path} holds no rows`, fix });
  }
  const message = `${path} has ${rows} usable rows, at least ${minimum} are needed`;
  const fix = 'complete the download, mend the rows that were skipped, or lower minimum';
  return new UserError({ ...common, code: 'too-few-rows', message, fix });
}

function countsOf(spec: SourceSpec, prompts: readonly Prompt[], rejected: readonly Rejected[]): SourceCounts {
  return {
    name: nameOf(spec),
    path: spec.path,
    prompts: prompts.length,
    rejected: rejected.length,
    byType: tally(prompts.map((prompt) => prompt.problemType)),
    byModality: tally(prompts.map((prompt) => prompt.modality)),
    media: new Set(prompts.flatMap((prompt) => prompt.media.map((medium) => medium.sha256))).size,
  };
}

function tally<Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> {
  const counts: Partial<Record<Name, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
