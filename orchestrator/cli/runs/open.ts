import { join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { suggestion } from '../../recipe/suggest.js';
import { openStore, type RunRecord, type Store } from '../../store/index.js';

/** Opens the store of a runs folder for reading. */
export function openRuns(runs: string): Store {
  return openStore(join(resolve(runs), 'vauto.db'), { readonly: true });
}

/** Opens the store of a runs folder for reading, hands it on and closes it. */
export function withStore<Result>(runs: string, use: (store: Store) => Result): Result {
  const store = openRuns(runs);
  try {
    return use(store);
  } finally {
    store.close();
  }
}

/** The same for what takes its time. */
export async function withStoreAsync<Result>(runs: string, use: (store: Store) => Promise<Result>): Promise<Result> {
  const store = openRuns(runs);
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

/** Throws UserError `unknown-run` with the nearest names. */
export function findRun(store: Store, name: string): RunRecord {
  const run = store.findRun(name);
  if (run !== undefined) return run;
  const names = store.listRuns().map((item) => item.name);
  throw new UserError({
    code: 'unknown-run',
    kind: 'usage',
    message: `there is no run named ${name}`,
    fix: names.length === 0 ? 'start one with vauto run RECIPE' : suggestion(name, names),
  });
}

/** "2026-11-23 22:06" of an ISO time, in the local time zone. */
export function localTime(iso: string): string {
  const date = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Tables are made for this many columns where the terminal does not say. */
export function tableWidth(): number {
  return process.stdout.columns ?? 80;
}
