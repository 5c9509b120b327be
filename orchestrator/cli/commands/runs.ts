import { type Command, InvalidArgumentError, Option } from 'commander';
import { HUB_REPO } from '../../recipe/hub-repo.js';
import type { ExportFlags } from '../runs/export.js';
import type { PushFlags } from '../runs/push.js';
import type { RemoveFlags } from '../runs/remove.js';
import type { RestoreFlags } from '../runs/restore.js';
import type { StepFlags } from '../runs/steps.js';
import type { TraceFlags } from '../runs/traces.js';

const FOLDER = ['--runs <dir>', 'folder of the store and the run folders (env VAUTO_RUNS)'] as const;

export function register(program: Command): void {
  const runs = program
    .command('runs')
    .summary('look at past and present runs')
    .description(
      'Look at the runs in the store: list, show, traces, steps, export; push gives its policy away, remove takes one away, restore mends the store.',
    )
    .addHelpText('after', '\nExample:\n  vauto runs show quickstart');
  const folder = process.env.VAUTO_RUNS ?? 'runs';

  runs
    .command('list')
    .summary('all runs, newest first')
    .description('List the runs, newest first.')
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  vauto runs list --json')
    .action(async (flags: { runs: string; json?: boolean }) => {
      const { listRuns } = await import('../runs/list.js');
      listRuns(flags);
    });

  runs
    .command('show')
    .summary('stages, ledger, metrics, training curve and artifacts of a run')
    .description('Show a run: its stages, where every prompt and rollout stands, metrics, training, artifacts.')
    .argument('<run>', 'name of the run')
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  vauto runs show quickstart')
    .action(async (run: string, flags: { runs: string; json?: boolean }) => {
      const { showRun } = await import('../runs/show.js');
      showRun(run, flags);
    });

  runs
    .command('traces')
    .summary('single rollouts: answers, confidence, verdicts, reward')
    .description('List graded rollouts of a run, page by page.')
    .argument('<run>', 'name of the run')
    .option('--stage <name>', 'only this stage (filter, evaluate-before, train, evaluate)')
    .option('--set <name>', 'only this prompt set (train, benchmark:NAME)')
    .option('--prompt <id>', 'only this prompt')
    .option('--wrong', 'only rollouts whose answer is wrong')
    .option('--limit <n>', 'rows of a page, 1 to 10000', parseLimit, 20)
    .option('--after <token>', 'the page after this one: the "next" of the page before')
    .option('--explain', 'print each rollout in full, with the reasons for its reward')
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document: {rows, next}')
    .addHelpText('after', '\nExample:\n  vauto runs traces quickstart --stage evaluate --wrong --limit 5 --explain')
    .action(async (run: string, flags: TraceFlags) => {
      const { showTraces } = await import('../runs/traces.js');
      showTraces(run, flags);
    });

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
    .option('--out <dir>', "with --to tensorboard: folder of its files (default: the run's, tensorboard)")
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document: {run, steps}')
    .addHelpText(
      'after',
      '\nExample:\n  vauto runs steps quickstart --csv > steps.csv\n  vauto runs steps quickstart --to tensorboard',
    )
    .action(async (run: string, flags: StepFlags) => {
      const { showSteps } = await import('../runs/steps.js');
      await showSteps(run, flags);
    });

  runs
    .command('export')
    .summary('the rollouts of a run as JSON Lines, to replay or share')
    .description(
      'Write the rollouts of the stages that count, without verdicts: what engine.kind replay grades and sweeps again.',
    )
    .argument('<run>', 'name of the run')
    .requiredOption('--rollouts <file>', 'the file to write')
    .option('--stage <name>', 'only this stage (filter, evaluate-before, train, evaluate, sweep)')
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  vauto runs export quickstart --rollouts quickstart-rollouts.jsonl')
    .action(async (run: string, flags: ExportFlags) => {
      const { exportRun } = await import('../runs/export.js');
      await exportRun(run, flags);
    });

  runs
    .command('push')
    .summary('the trained policy to the Hugging Face Hub')
    .description(
      'Upload the policy that a run has trained to the Hugging Face Hub. The token is HF_TOKEN, or that of `hf auth login`.',
    )
    .argument('<run>', 'name of the run')
    .requiredOption('--repo <owner/name>', 'repository; made if it is not there', parseRepo)
    .addOption(new Option('--private', 'seen by its owner alone (default)').conflicts('public'))
    .option('--public', 'seen by everybody, if the repository is made by this')
    .option('--revision <branch>', 'branch; made if it is not there (default: main)')
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document: {run, repo, step, url}')
    .addHelpText('after', '\nExample:\n  vauto runs push quickstart --repo me/quickstart')
    .action(async (run: string, flags: PushFlags) => {
      const { pushRun } = await import('../runs/push.js');
      await pushRun(run, flags);
    });

  runs
    .command('remove')
    .summary('take a run, or what no run refers to, out of the store and delete its folder')
    .description(
      'Remove a run: its rows in the store and its folder with checkpoints, logs and report. With --unreferenced: what no run refers to any more, which are attempts at stages that a later one replaced, prompts that left their set, and folders of runs that are not in the store.',
    )
    .argument('[run]', 'name of the run')
    .option('--unreferenced', 'instead of a run, what no run refers to')
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  vauto runs remove short\n  vauto runs remove --unreferenced')
    .action(async (run: string | undefined, flags: RemoveFlags) => {
      const { remove } = await import('../runs/remove.js');
      remove(run, flags);
    });

  runs
    .command('restore')
    .summary('put the backup of the store in the place of a damaged one')
    .description(
      'Put the newest sound backup in the place of a damaged store. The damaged files are moved aside, not deleted.',
    )
    .option('--force', 'also when the store is not damaged: go back to the backup')
    .option(...FOLDER, folder)
    .option('--json', 'print one JSON document: {restored, backup, aside}')
    .addHelpText('after', '\nExample:\n  vauto runs restore')
    .action(async (flags: RestoreFlags) => {
      const { restoreRuns } = await import('../runs/restore.js');
      restoreRuns(flags);
    });
}

function parseLimit(value: string): number {
  const limit = Number(value);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('A whole number from 1 to 10000 is needed.');
  return limit;
}

function parseRepo(value: string): string {
  if (!HUB_REPO.test(value)) throw new InvalidArgumentError('A repository is named owner/name.');
  return value;
}
