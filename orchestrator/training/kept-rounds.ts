import { existsSync, readdirSync, rmSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Round } from './round.js';

const NAME = /^round-(\d+)\.json$/;

/**
 * Rounds made ahead, on disk until a checkpoint has them behind it. Their weights are gone by the time a training is
 * taken up again, so that only from here can it go on with the very same rollouts.
 */
export function keptRounds(folder: string) {
  const fileOf = (step: number) => join(folder, `round-${step}.json`);
  return {
    /** Written under another name, synced and renamed: a file with the right name is whole. */
    async keep(round: Round): Promise<Round> {
      const draft = `${fileOf(round.step)}.writing`;
      const file = await open(draft, 'w');
      try {
        await file.writeFile(JSON.stringify(round));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, fileOf(round.step));
      return round;
    },
    async find(step: number): Promise<Round | undefined> {
      return existsSync(fileOf(step)) ? (JSON.parse(await readFile(fileOf(step), 'utf8')) as Round) : undefined;
    },
    forget(step: number): void {
      for (const name of readdirSync(folder)) {
        const found = NAME.exec(name);
        if (found && Number(found[1]) <= step) rmSync(join(folder, name));
      }
    },
  };
}
