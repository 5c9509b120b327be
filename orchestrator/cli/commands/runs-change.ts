import { type Command, InvalidArgumentError, Option } from 'commander';
import { HUB_REPO } from '../../recipe/hub-repo.js';
import type { PushFlags } from '../runs/push.js';
import type { RemoveFlags } from '../runs/remove.js';
import type { RestoreFlags } from '../runs/restore.js';
import { withFolder } from './runs-options.js';

/** push, remove, restore. */
export function register(runs: Command): void {
  withFolder(
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
      .option('--revision <branch>', 'branch; made if it is not there (default: main)'),
    'print one JSON document: {run, repo, step, url}',
  )
    .addHelpText('after', '\nExample:\n  vauto runs push quickstart --repo me/quickstart')
    .action(async (run: string, flags: PushFlags) => {
      const { pushRun } = await import('../runs/push.js');
      await pushRun(run, flags);
    });

  withFolder(
    runs
      .command('remove')
      .summary('take a run, or what no run refers to, out of the store and delete its folder')
      .description(
        'Remove a run: its rows in the store and its folder with checkpoints, logs and report. With --unreferenced: what no run refers to any more, which are attempts at stages that a later one replaced, prompts that left their set, and folders of runs that are not in the store.',
      )
      .argument('[run]', 'name of the run')
      .option('--unreferenced', 'instead of a run, what no run refers to'),
  )
    .addHelpText('after', '\nExample:\n  vauto runs remove short\n  vauto runs remove --unreferenced')
    .action(async (run: string | undefined, flags: RemoveFlags) => {
      const { remove } = await import('../runs/remove.js');
      remove(run, flags);
    });

  withFolder(
    runs
      .command('restore')
      .summary('put the backup of the store in the place of a damaged one')
      .description(
        'Put the newest sound backup in the place of a damaged store. The damaged files are moved aside, not deleted.',
      )
      .option('--force', 'also when the store is not damaged: go back to the backup'),
    'print one JSON document: {restored, backup, aside}',
  )
    .addHelpText('after', '\nExample:\n  vauto runs restore')
    .action(async (flags: RestoreFlags) => {
      const { restoreRuns } = await import('../runs/restore.js');
      restoreRuns(flags);
    });
}

function parseRepo(value: string): string {
  if (!HUB_REPO.test(value)) throw new InvalidArgumentError('A repository is named owner/name.');
  return value;
}
