import type { Command } from 'commander';
import { collect } from './list-option.js';

interface Flags {
  vary: string[];
  set?: string[];
  run?: string;
  runs: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('matrix')
    .summary('a run for every combination of some values, in one table')
    .description('Run a recipe once for every combination of the varied values, one after the other.')
    .argument('<recipe>', 'recipe file (YAML)')
    .requiredOption('--vary <path=values>', 'values of one key, such as reward.fallback=0,0.3 (repeatable)', collect)
    .option('--set <path=value>', 'override a recipe value in all runs (repeatable)', collect)
    .option('--run <name>', "beginning of the runs' names (default: the recipe's name)")
    .option('--runs <dir>', 'folder of the store and the run folders', process.env.VAUTO_RUNS ?? 'runs')
    .option('--json', 'print the table as one JSON document')
    .addHelpText('after', '\nExample:\n  vauto matrix recipes/quickstart.yaml --vary reward.fallback=0,0.3')
    .action(async (recipe: string, flags: Flags) => {
      const { runMatrix } = await import('../matrix.js');
      await runMatrix(recipe, { ...flags, set: flags.set ?? [] });
    });
}
