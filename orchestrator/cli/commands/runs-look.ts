import { type Command, Option } from 'commander';
import type { ListFlags } from '../runs/list.js';
import type { StepFlags } from '../runs/steps.js';
import { parseLimit, withFolder } from './runs-options.js';

/** list, show, steps. */
export function register(runs: Command): void {
  withFolder(
    runs
      .command('list')
      .summary('all runs, newest first')
      .description('List the runs, newest first or in another order.')
      .addOption(
        new Option('--status <status>', 'only runs with this status').choices([
          'running',
          'stalled',
          'done',
          'failed',
          'interrupted',
        ]),
      )
      .option('--tag <tag>', 'only runs with this tag')
      .addOption(
        new Option('--sort <by>', 'order: names from a to z, all else from the most')
          .choices(['created', 'name', 'accuracy', 'tokens', 'seconds', 'rollouts'])
          .default('created'),
      )
      .option('--limit <n>', 'at most so many, 1 to 10000', parseLimit),
  )
    .addHelpText('after', '\nExample:\n  vauto runs list --tag baseline --sort accuracy')
    .action(async (flags: ListFlags) => {
      const { listRuns } = await import('../runs/list.js');
      listRuns(flags);
    });

  withFolder(
    runs
      .command('show')
      .summary('stages, ledger, metrics, training curve and artifacts of a run')
      .description('Show a run: its stages, where every prompt and rollout stands, metrics, training, artifacts.')
      .argument('<run>', 'name of the run'),
  )
    .addHelpText('after', '\nExample:\n  vauto runs show quickstart')
    .action(async (run: string, flags: { runs: string; json?: boolean }) => {
      const { showRun } = await import('../runs/show.js');
      showRun(run, flags);
    });

  withFolder(
    runs
      .command('steps')
      .summary('the numbers of every training step: table, CSV, JSON, TensorBoard')
      .description(
        'List the training steps of a run: rewards, rates, KL, entropy, time. docs/training.md says what each number means.',
      )
      .argument('<run>', 'name of the run')
      .option('--last <n>', 'only the last n steps', parseLimit)
      .option('--csv', 'print all numbers as comma-separated values')
      .addOption(
        new Option('--to <tracker>', 'give all of them to a tracker, under the name of the run').choices([
          'tensorboard',
          'wandb',
          'trackio',
        ]),
      )
      .option('--out <dir>', "with --to tensorboard: folder of its files (default: the run's, tensorboard)"),
    'print one JSON document: {run, steps}',
  )
    .addHelpText(
      'after',
      '\nExample:\n  vauto runs steps quickstart --csv > steps.csv\n  vauto runs steps quickstart --to tensorboard',
    )
    .action(async (run: string, flags: StepFlags) => {
      const { showSteps } = await import('../runs/steps.js');
      await showSteps(run, flags);
    });
}
