import { type Command, Option } from 'commander';
import type { StageName } from '../../pipeline/stage.js';
import type { Format } from '../matrix/table.js';
import { collect } from './list-option.js';
import { untilOption } from './run.js';

interface Flags {
  vary?: string[];
  variants?: string;
  over?: string;
  set?: string[];
  until?: StageName;
  benchmark?: string;
  run?: string;
  runs: string;
  json?: boolean;
  format: Format;
}

export function register(program: Command): void {
  program
    .command('matrix')
    .summary('a run for every combination of some values, in one table')
    .description(
      'Run a recipe once for every variant and every combination of the varied values, one after the other. Started again, it goes on where it was.',
    )
    .argument('<recipe>', 'recipe file (YAML)')
    .option('--vary <path=values>', 'values of one key, such as reward.fallback=0,0.3 (repeatable)', collect)
    .option('--variants <file>', 'list of variants (YAML): [{name, set: {path: value}}]')
    .option('--over <path>', 'average over this varied key, such as seed: one line for all its values, with intervals')
    .option('--set <path=value>', 'override a recipe value in all runs (repeatable)', collect)
    .addOption(untilOption())
    .option('--benchmark <name>', 'the benchmark that the table is about (default: all together)')
    .option('--run <name>', "beginning of the runs' names (default: the recipe's name)")
    .option('--runs <dir>', 'folder of the store and the run folders', process.env.VAUTO_RUNS ?? 'runs')
    .option('--json', 'print the table as one JSON document')
    .addOption(
      new Option('--format <format>', 'how the table is written').choices(['table', 'markdown']).default('table'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  vauto matrix recipes/quickstart.yaml --vary reward.fallback=0,0.3\n  vauto matrix r.yaml --variants v.yaml --vary seed=7,8,9 --over seed',
    )
    .action(async (recipe: string, flags: Flags) => {
      const { runMatrix } = await import('../matrix/run.js');
      await runMatrix(recipe, { ...flags, vary: flags.vary ?? [], set: flags.set ?? [] });
    });
}
