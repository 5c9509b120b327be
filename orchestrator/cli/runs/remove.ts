import { existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { lockRun } from '../../pipeline/lock.js';
import { openStore } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { findRun, withStore } from './open.js';

/** `vauto runs remove RUN`: the rows, then the folder if it lies in the runs folder. A run that is being worked on is refused. */
export function removeRun(name: string, { runs, json }: { runs: string; json?: boolean }): void {
  const folder = resolve(runs);
  const run = withStore(runs, (store) => findRun(store, name));
  const inside = relative(folder, run.folder);
  const owned = inside !== '' && !inside.startsWith('..') && existsSync(run.folder);
  const release = existsSync(run.folder) ? lockRun(run.folder, name) : () => {};
  try {
    const store = openStore(join(folder, 'vauto.db'));
    store.removeRun(run.id);
    store.close();
    if (owned) rmSync(run.folder, { recursive: true, force: true });
  } finally {
    release();
  }
  if (json) printJson({ removed: name, folder: owned ? run.folder : null });
  else printText(`removed ${name}${owned ? ` and ${run.folder}` : ''}`);
}
