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
  const loaded: LoadedPrompts = { prompts: [], rejected: [], counts: [] };
  const errors: UserError[] = [];
  try {
    for (const spec of specs) {
      const shown = shownPath(context.resolve(spec.path));
      const { prompts, rejected } = await readSpec(spec, { ...context, hasher });
      loaded.counts.push(countsOf(spec, prompts, rejected));
      const skip = spec.onError === 'skip';
      if (skip) loaded.rejected.push(...rejected);
      else errors.push(...rejected.slice(0, LISTED).map(rowError), ...overflow(shown, rejected));
      // Rows that are errors by themselves are not missing ones, too.
      errors.push(
        ...amountErrors(shown, spec.minimum ?? 1, prompts.length + (skip ? 0 : rejected.length), rejected.length),
      );
      loaded.prompts.push(...prompts);
    }
  } finally {
    await hasher.save();
  }
  if (errors.length > 0) throw new UserErrors(errors);
  return loaded;
}

async function readSpec(
  spec: SourceSpec,
  context: SourceContext,
): Promise<{ prompts: Prompt[]; rejected: Rejected[] }> {
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
  return { prompts, rejected };
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

function overflow(path: string, rejected: readonly Rejected[]): UserError[] {
  if (rejected.length <= LISTED) return [];
  const message = `${rejected.length - LISTED} more rows cannot be used`;
  const fix = `vauto data check ${path} lists all of them; onError: skip leaves them out`;
  return [new UserError({ code: 'more-bad-rows', kind: 'data', message, place: { file: path }, fix })];
}

function amountErrors(path: string, minimum: number, rows: number, rejected: number): UserError[] {
  if (rows >= minimum) return [];
  const place = { file: path };
  if (rows === 0 && rejected === 0) {
    return [
      new UserError({
        code: 'empty-dataset',
        kind: 'data',
        message: `${path} holds no rows`,
        place,
        fix: 'write one question a line; docs/data.md shows each kind',
      }),
    ];
  }
  const message = `${path} has ${rows} usable rows, at least ${minimum} are needed`;
  return [
    new UserError({
      code: 'too-few-rows',
      kind: 'data',
      message,
      place,
      fix: 'complete the download, mend the rows that were skipped, or lower minimum',
    }),
  ];
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
