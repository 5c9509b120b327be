import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { holderOf } from '../../pipeline/lock.js';
import { restoreStore } from '../../store/index.js';
import { printJson, printText } from '../output.js';
import { localTime } from './open.js';

export interface RestoreFlags {
  readonly runs: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `vauto runs restore`: the newest sound backup takes the place of a damaged store. Refused while a run is going on. */
export function restoreRuns({ runs, force = false, json }: RestoreFlags): void {
  const folder = resolve(runs);
  refuseWhileRunning(folder);
  const { file, backup, aside } = restoreStore(join(folder, 'vauto.db'), { force });
  if (json) {
    printJson({ restored: file, backup, aside });
    return;
  }
  const moved = aside.length === 0 ? [] : [`what was there is now ${aside.map((name) => basename(name)).join(', ')}`];
  const again = 'what was done after that: start the same commands again';
  printText(
    [`restored ${file} as it was at ${localTime(backup.at)} (${basename(backup.file)})`, ...moved, again].join('\n'),
  );
}

function refuseWhileRunning(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  for (const entry of names.filter((item) => item.isDirectory())) {
    const holder = holderOf(join(folder, entry.name));
    if (holder === undefined) continue;
    throw new UserError({
      code: 'run-in-use',
      kind: 'usage',
      message: `run ${entry.name} is being worked on by process ${holder}`,
      fix: 'wait for it or stop it, then restore',
    });
  }
}
