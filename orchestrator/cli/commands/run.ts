import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StageName } from '../../pipeline/stage.js';
import { collect } from './list-option.js';

const STAGES: readonly StageName[] = ['filter', 'evaluate-before', 'train', 'evaluate', 'sweep', 'report'];

interface RunFlags {
  set?: string[];
  until?: StageName;
  force?: StageName[];
  retry?: 'errors';
  cache: boolean;
  run?: string;
  runs: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('run')
    .summary('filter, train, evaluate, sweep and report, as the recipe says')
    .description('Run a recipe from data to report. Interrupted runs continue when started again.')
    .argument('<recipe>', 'recipe file (YAML)')
    .option('--set <path=value>', 'override a recipe value, such as train.steps=10 (repeatable)', collect)
    .addOption(untilOption())
    .option('--force <stage>', 'run this stage again even if it is done (repeatable)', stageList)
    .addOption(
      new Option(
        '--retry <what>',
        'errors: have failed rollouts and missing verdicts of finished stages again; the earlier attempt stays visible',
      ).choices(['errors']),
    )
    .option('--no-cache', 'make every rollout, also those that an earlier stage or run has made already')
    .option('--run <name>', "name of the run (default: the recipe's name)")
    .option('--runs <dir>', 'folder of the store and the run folders', process.env.VAUTO_RUNS ?? 'runs')
    .option('--json', 'print the outcome as one JSON document')
    .addHelpText('after', '\nExample:\n  vauto run recipes/quickstart.yaml --set train.steps=20 --run short')
    .action(async (recipe: string, flags: RunFlags) => {
      const { runRecipe } = await import('../run-recipe.js');
      await runRecipe(recipe, { ...flags, set: flags.set ?? [], force: flags.force ?? [] });
    });
}

/** `--until`, of every command that runs recipes. */
export function untilOption(): Option {
  return new Option('--until <stage>', 'stop after this stage').choices([...STAGES]);
}

function stageList(value: string, previous: StageName[] = []): StageName[] {
  const stage = STAGES.find((name) => name === value);
  if (stage === undefined) throw new InvalidArgumentError(`Allowed: ${STAGES.join(', ')}.`);
  return [...previous, stage];
}
