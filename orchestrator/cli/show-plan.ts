import { loadPrompts } from '../data/index.js';
import { planRun } from '../pipeline/plan.js';
import { loadRecipe } from '../recipe/index.js';
import { printJson } from './output.js';

/** `vauto plan`: the recipe and its data checked, and what the run would cost. */
export async function showPlan(file: string, flags: { set: readonly string[]; json?: boolean }): Promise<void> {
  const loaded = await loadRecipe(file, { sets: [...flags.set] });
  const { data, name } = loaded.recipe;
  const sets = new Map([['train', (await loadPrompts(data.train, loaded)).prompts]]);
  for (const benchmark of data.benchmarks)
    sets.set(`benchmark:${benchmark.name}`, (await loadPrompts([benchmark], loaded)).prompts);
  const stages = planRun(loaded.recipe, sets);
  const prompts = Object.fromEntries([...sets].map(([set, list]) => [set, list.length]));
  if (flags.json) return printJson({ recipe: file, name, prompts, stages });
  const lines = Object.entries(prompts).map(
    ([set, count]) => `  ${set.padEnd(28)} ${String(count).padStart(8)} prompts`,
  );
  const rows = stages.map(({ stage, rollouts, tokens, steps, skipped }) =>
    skipped
      ? `  ${stage.padEnd(16)} skipped: ${skipped}`
      : `  ${stage.padEnd(16)} ${String(rollouts).padStart(9)} rollouts  ≤ ${String(tokens).padStart(10)} tokens  ${String(steps).padStart(6)} steps`,
  );
  process.stdout.write(`${name} (${file})\n\n${lines.join('\n')}\n\n${rows.join('\n')}\n`);
}
