// A million recorded rollouts read from a file, and the filter replayed from them in a process of its own, with a real store: no
// engine, so that all of the time is vauto's. The filter decides early, so it asks for some of them only; the import reads all.

import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { loadRecipe } from '../../../dist/recipe/index.js';
import { writeRecordings } from './recordings.mjs';

const PROMPTS = 125_000;
const ROLLOUTS = 8;
const GOAL = { seconds: 60, bytes: 400e6 };

export const title = 'Import and filter of recorded rollouts';

export async function run({ root, note }) {
  const folder = mkdtempSync(join(tmpdir(), 'vauto-bench-'));
  const file = join(folder, 'rollouts.jsonl');
  const recipeFile = join(root, 'recipes', 'quickstart.yaml');
  try {
    const { recipe } = await loadRecipe(recipeFile);
    await writeRecordings(file, { prompts: PROMPTS, rollouts: ROLLOUTS, seed: recipe.seed });
    const { size } = statSync(file);
    note(`${(size / 1e6).toFixed(0)} MB of recordings are written`);
    const script = new URL('replay.mjs', import.meta.url).pathname;
    const { stdout } = await execa('node', [script, file, PROMPTS, ROLLOUTS, folder, recipeFile].map(String));
    const { times, peakBytes, lines, counts, rollouts } = JSON.parse(stdout);
    if (counts.lost !== 0 || counts.unknown !== 0) throw new Error(`not all is decided: ${JSON.stringify(counts)}`);
    const total = times.import.seconds + times.filter.seconds;
    const told = ({ seconds, processor }) => `${seconds.toFixed(1)} s (${processor.toFixed(1)} s of processor time)`;
    return {
      goal: `≤ ${GOAL.seconds} s together, peak memory ≤ ${GOAL.bytes / 1e6} MB`,
      figures: {
        'lines, bytes a line': `${lines.toLocaleString('en')}, ${Math.round(size / lines)}`,
        'import, every line checked': told(times.import),
        [`filter of ${PROMPTS.toLocaleString('en')} prompts`]: told(times.filter),
        'rollouts that it asked for': rollouts.toLocaleString('en'),
        together: `${total.toFixed(1)} s`,
        'peak memory': `${Math.round(peakBytes / 1e6)} MB`,
      },
      holds: total <= GOAL.seconds && peakBytes <= GOAL.bytes,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
