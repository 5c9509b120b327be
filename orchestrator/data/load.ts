import { UserErrors } from '../errors.js';
import type { Prompt } from '../records/index.js';
import { Counter, type SourceCounts } from './counts.js';
import { MediaHasher } from './media.js';
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
  const counter = new Counter(spec);
  for (const item of [...rows, ...rejected]) counter.add(item);
  return counter.counts();
}
