import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { keepIn, type LeftOut, leftOutOf, leftOutText, loadData, promptsOf } from '../pipeline/load-data.js';
import { type PlannedStage, planRun } from '../pipeline/plan.js';
import { loadRecipe } from '../recipe/index.js';
import { printJson } from './output.js';

/** `vauto plan`: the recipe and its data checked, and what the run would cost. */
export async function showPlan(file: string, flags: { set: readonly string[]; json?: boolean }): Promise<void> {
  const loaded = await loadRecipe(file, { sets: [...flags.set] });
  const { name } = loaded.recipe;
  // Media are not hashed again where runs are kept; a plan makes no folder of its own.
  const runs = resolve(process.env.VAUTO_RUNS ?? 'runs');
  const hashCache = existsSync(runs) ? { hashCache: join(runs, 'media-hashes.json') } : {};
  const folder = mkdtempSync(join(tmpdir(), 'vauto-plan-'));
  try {
    const read = await loadData(loaded, { ...hashCache, keep: keepIn(folder) });
    const sets = promptsOf(read);
    const leftOut = leftOutOf(read);
    const stages = planRun(loaded.recipe, sets);
    const prompts = Object.fromEntries([...sets].map(([set, list]) => [set, list.length]));
    const plan = { recipe: file, name, prompts, leftOut, stages };
    if (flags.json) printJson(plan);
    else process.stdout.write(textOf(plan));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Plan {
  readonly recipe: string;
  readonly name: string;
  readonly prompts: Readonly<Record<string, number>>;
  readonly leftOut: readonly LeftOut[];
  readonly stages: readonly PlannedStage[];
}

function textOf({ recipe, name, prompts, leftOut, stages }: Plan): string {
  const lines = Object.entries(prompts).map(
    ([set, count]) => `  ${set.padEnd(28)} ${String(count).padStart(8)} prompts`,
  );
  const rows = stages.map(({ stage, rollouts, tokens, steps, skipped }) =>
    skipped
      ? `  ${stage.padEnd(16)} skipped: ${skipped}`
      : `  ${stage.padEnd(16)} ${String(rollouts).padStart(9)} rollouts  ≤ ${String(tokens).padStart(10)} tokens  ${String(steps).padStart(6)} steps`,
  );
  const warning = leftOutText(leftOut);
  const note = warning === undefined ? '' : `\n\nwarning: ${warning}`;
  return `${name} (${recipe})\n\n${lines.join('\n')}${note}\n\n${rows.join('\n')}\n`;
}
