import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { holderOf, lockRun } from '../../pipeline/lock.js';
import { LOG_FILE } from '../../pipeline/log.js';
import { openStore, type Store } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { findRun, withStore } from './open.js';

export interface RemoveFlags {
  readonly runs: string;
  readonly unreferenced?: boolean;
  readonly json?: boolean;
}

/** `vauto runs remove RUN` and `vauto runs remove --unreferenced`. */
export function remove(name: string | undefined, flags: RemoveFlags): void {
  if (name !== undefined && !flags.unreferenced) removeRun(name, flags);
  else if (name === undefined && flags.unreferenced) removeUnreferenced(flags);
  else
    throw new UserError({
      code: 'usage',
      kind: 'usage',
      message: 'the name of a run or --unreferenced is needed, and not both',
      fix: 'see vauto runs list for the names',
    });
}

/** The rows, then the folder if it lies in the runs folder. A run that is being worked on is refused. */
function removeRun(name: string, { runs, json }: RemoveFlags): void {
  const folder = resolve(runs);
  const run = withStore(runs, (store) => findRun(store, name));
  const inside = relative(folder, run.folder);
  const owned = inside !== '' && !inside.startsWith('..') && existsSync(run.folder);
  const release = existsSync(run.folder) ? lockRun(run.folder, name) : () => {};
  try {
    withWriter(folder, (store) => store.removeRun(run.id));
    if (owned) rmSync(run.folder, { recursive: true, force: true });
  } finally {
    release();
  }
  if (json) printJson({ removed: name, folder: owned ? run.folder : null });
  else printText(`removed ${name}${owned ? ` and ${run.folder}` : ''}`);
}

/** Refused while any run is being worked on: a stage that is read as replaced may count again. */
function removeUnreferenced({ runs, json }: RemoveFlags): void {
  const folder = resolve(runs);
  const known = withStore(runs, (store) => store.listRuns());
  const busy = known.find((run) => holderOf(run.folder) !== undefined);
  if (busy !== undefined) {
    throw new UserError({
      code: 'run-in-use',
      kind: 'usage',
      message: `run ${busy.name} is being worked on`,
      fix: 'wait for it or stop it first',
    });
  }
  const orphans = orphanFolders(folder, new Set(known.map((run) => resolve(run.folder))));
  const rows = withWriter(folder, (store) => store.removeUnreferenced());
  for (const path of orphans) rmSync(path, { recursive: true, force: true });
  if (json) {
    printJson({ ...rows, folders: orphans });
    return;
  }
  const parts = [
    `${rows.stages} replaced attempts with ${rows.rollouts} rollouts`,
    `${rows.prompts} prompts`,
    `${orphans.length} folders`,
  ];
  printText(`removed ${parts.join(', ')}`);
}

/** Run folders, known by the log that each run begins, of which the store says nothing. */
function orphanFolders(folder: string, known: ReadonlySet<string>): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter((path) => !known.has(path) && existsSync(join(path, LOG_FILE)) && holderOf(path) === undefined);
}

function withWriter<Result>(folder: string, use: (store: Store) => Result): Result {
  const store = openStore(join(folder, 'vauto.db'));
  try {
    return use(store);
  } finally {
    store.close();
  }
}
