import { join } from 'node:path';
import { ROOT } from '../integration/shared-run.js';

/** The quickstart with these overrides: with those of `recordSharedRun` it takes seconds. */
export function replayArgs(runs: string, run: string, sets: readonly string[]): string[] {
  const flags = sets.flatMap((set) => ['--set', set]);
  return ['run', join(ROOT, 'recipes', 'quickstart.yaml'), '--runs', runs, '--run', run, ...flags];
}
