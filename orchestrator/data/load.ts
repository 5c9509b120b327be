import { UserErrors } from '../errors.js';
import type { ProblemType, Prompt } from '../records/index.js';
import { MediaHasher } from './media.js';
import { nameOf } from './name.js';
import { sourceErrors } from './problems.js';
import { type ReadSource, readSource, type Sift } from './read.js';
import type { Rejected, SourceSpec } from './source.js';

export interface LoadContext {
  /** Absolute path of something that a spec names. */
  resolve(path: string): string;
  /** File that keeps media hashes between runs. */
  readonly hashCache?: string;
  readonly signal?: AbortSignal;
  /** A further look at what was read. */
  readonly sift?: Sift;
  /** Rejected rows carry their text. */
  readonly excerpts?: boolean;
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
 * Reads the prompts of one set, in the order of specs and rows. Files that cannot be read, bad rows of `fail` specs, empty
 * sources and sources below their minimum are collected and thrown together as UserErrors.
 */
export async function loadPrompts(specs: readonly SourceSpec[], context: LoadContext): Promise<LoadedPrompts> {
  const hasher = await MediaHasher.open(context.hashCache);
  const read: ReadSource[] = [];
  try {
    for (const spec of specs) read.push(await readSource(spec, { ...context, hasher }, context.sift));
  } finally {
    await hasher.save();
  }
  const errors = read.flatMap(sourceErrors);
  if (errors.length > 0) throw new UserErrors(errors);
  return {
    prompts: read.flatMap(({ rows }) => rows.map(({ prompt }) => prompt)),
    rejected: read.flatMap(({ rejected }) => rejected),
    counts: read.map(countsOf),
  };
}

function countsOf({ spec, rows, rejected }: ReadSource): SourceCounts {
  const prompts = rows.map(({ prompt }) => prompt);
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
