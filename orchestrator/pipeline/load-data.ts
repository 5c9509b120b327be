import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  inFile,
  inMemory,
  MediaHasher,
  type ReadSource,
  type Rejected,
  type RowKeeper,
  readSource,
  type Sift,
  type SourceSpec,
  sifted,
  sourceErrors,
} from '../data/index.js';
import { UserErrors } from '../errors.js';
import type { LoadedRecipe } from '../recipe/index.js';
import { benchmarkSet, type Prompt, type Prompts } from '../records/index.js';
import type { Store } from '../store/index.js';
import { siftGold } from './check-gold.js';

/** What was read of each prompt set, entry by entry: `train`, and `benchmark:NAME` for each benchmark. */
export type ReadSets = ReadonlyMap<string, readonly ReadSource[]>;

export interface LoadOptions {
  /** File that keeps media hashes between runs. */
  readonly hashCache?: string;
  /** Where rows are kept; default: in memory. */
  readonly keep?: () => RowKeeper;
  readonly signal?: AbortSignal;
}

/** A row that was left out: by `onError: skip`, or within `maxRejected`. */
export interface LeftOut {
  readonly set: string;
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/** Reads all prompt sets of a recipe. Throws UserErrors with what is wrong in any of them. */
export async function loadData(
  { recipe: { data }, resolve }: Pick<LoadedRecipe, 'recipe' | 'resolve'>,
  { hashCache, keep = inMemory, signal }: LoadOptions = {},
): Promise<ReadSets> {
  const specs = new Map<string, readonly SourceSpec[]>([['train', data.train]]);
  for (const benchmark of data.benchmarks) specs.set(benchmarkSet(benchmark.name), [benchmark]);
  const hasher = await MediaHasher.open(hashCache);
  const context = { resolve, hasher, ...(signal === undefined ? {} : { signal }) };
  const sets = new Map<string, ReadSource[]>();
  try {
    for (const [set, list] of specs) {
      const read: ReadSource[] = [];
      for (const spec of list) read.push(await readSource(spec, context, siftGold, keep));
      sets.set(set, read);
    }
  } finally {
    await hasher.save();
  }
  refuseBad(sets);
  return sets;
}

/** The sets after a further look at their rows; what is wrong with them is for `refuseBad`. */
export async function siftSets(sets: ReadSets, sift: Sift, keep?: () => RowKeeper): Promise<ReadSets> {
  const looked = new Map<string, ReadSource[]>();
  for (const [set, sources] of sets) {
    const read: ReadSource[] = [];
    for (const source of sources) read.push(await sifted(source, sift, keep));
    looked.set(set, read);
  }
  return looked;
}

/** Throws UserErrors with everything that is wrong in any of the sets, or does nothing. */
export function refuseBad(sets: ReadSets): void {
  const errors = [...sets.values()].flat().flatMap(sourceErrors);
  if (errors.length > 0) throw new UserErrors(errors);
}

/** Keeps rows in files of that folder, which is the caller's to remove. */
export function keepIn(folder: string): () => RowKeeper {
  let files = 0;
  return () => {
    files += 1;
    return inFile(join(folder, `${files}.jsonl`));
  };
}

/** The prompts of each set, each time read again from where its rows are kept. */
export function promptsOf(sets: ReadSets): Map<string, Prompts> {
  return new Map(
    [...sets].map(([set, read]) => {
      const length = read.reduce((sum, { rows }) => sum + rows.length, 0);
      return [set, { length, [Symbol.iterator]: () => promptsIn(read) }] as const;
    }),
  );
}

function* promptsIn(read: readonly ReadSource[]): Generator<Prompt> {
  for (const { rows } of read) for (const { prompt } of rows) yield prompt;
}

/** The rows that were left out; none where bad rows are errors. */
export function leftOutOf(sets: ReadSets): LeftOut[] {
  const row = (set: string, { file, line, reason }: Rejected) => ({ set, file, line, reason });
  return [...sets].flatMap(([set, read]) =>
    read.flatMap(({ rejected }) => rejected.map((rejection) => row(set, rejection))),
  );
}

/** "3 rows were left out of train, 1 row of benchmark:perception"; undefined when there are none. */
export function leftOutText(rows: readonly LeftOut[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { set } of rows) counts.set(set, (counts.get(set) ?? 0) + 1);
  const parts = [...counts].map(([set, count], index) =>
    index === 0
      ? `${count} ${count === 1 ? 'row was' : 'rows were'} left out of ${set}`
      : `${count} ${count === 1 ? 'row' : 'rows'} of ${set}`,
  );
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** Name of the file in the run folder that lists the rows that `onError: skip` left out, one JSON object a line. */
const SKIPPED_FILE = 'rejected.jsonl';

/** The same for the rows of a set that `maxRejected` lets be left out. */
function toleratedFile(set: string): string {
  return `rejected-${set.replaceAll(/[^\w.-]/g, '-')}.jsonl`;
}

/**
 * Writes `rejected.jsonl`, and `rejected-SET.jsonl` where rows are left out up to a limit, with a warning event for each;
 * returns the warnings' texts.
 */
export function recordLeftOut(
  store: Store,
  run: { readonly id: number; readonly folder: string },
  sets: ReadSets,
): string[] {
  const only = (skips: boolean, [set, read]: readonly [string, readonly ReadSource[]]) =>
    [set, read.filter(({ spec }) => (spec.onError === 'skip') === skips)] as const;
  const skipped = recordIn(SKIPPED_FILE, store, run, new Map([...sets].map((entry) => only(true, entry))));
  const tolerated = [...sets].map((entry) =>
    recordIn(toleratedFile(entry[0]), store, run, new Map([only(false, entry)])),
  );
  return [skipped, ...tolerated].filter((text) => text !== undefined);
}

function recordIn(
  name: string,
  store: Store,
  run: { readonly id: number; readonly folder: string },
  sets: ReadSets,
): string | undefined {
  const rows = leftOutOf(sets);
  const file = join(run.folder, name);
  const text = leftOutText(rows);
  if (text === undefined) {
    rmSync(file, { force: true });
    return undefined;
  }
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const message = `${text}; listed in ${name}`;
  // A run that is started again says the same thing once.
  const known = store.events(run.id).some((event) => event.kind === 'rejected-rows' && event.message === message);
  const counts = Object.fromEntries(
    [...sets].map(([set, read]) => [set, read.reduce((sum, { rejected }) => sum + rejected.length, 0)]),
  );
  if (!known) store.addEvent(run.id, { level: 'warning', kind: 'rejected-rows', message, data: counts });
  return message;
}
