import type { Command } from 'commander';
import type { ExportFlags } from '../runs/export.js';
import { parseLimit, withFilters, withFolder } from './runs-options.js';

export function register(runs: Command): void {
  const command = runs
    .command('export')
    .summary('the rollouts of a run as JSON Lines, CSV, Parquet or one HTML page')
    .description(
      'Write the rollouts of the stages that count to a file: --rollouts for engine.kind replay, which grades and sweeps them again; --csv, --jsonl and --parquet with answers, verdicts and reward, one row a rollout; --html for people. One of them is needed.',
    )
    .argument('<run>', 'name of the run')
    .option('--rollouts <file>', 'without verdicts, as replay reads them; filter: --stage alone')
    .option('--csv <file>', 'a table for spreadsheets')
    .option('--jsonl <file>', 'the same as JSON Lines')
    .option('--parquet <file>', 'the same as Parquet')
    .option('--html <file>', 'evaluation, training and traces in one page without scripts');
  withFolder(withFilters(command).option('--limit <n>', 'traces of the HTML page (default: 200)', parseLimit))
    .addHelpText(
      'after',
      '\nExample:\n  vauto runs export quickstart --rollouts quickstart-rollouts.jsonl\n  vauto runs export quickstart --html wrong.html --stage evaluate --wrong',
    )
    .action(async (run: string, flags: ExportFlags) => {
      const { exportRun } = await import('../runs/export.js');
      await exportRun(run, flags);
    });
}
